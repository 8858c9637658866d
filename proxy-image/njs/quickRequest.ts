import { methodFacts } from "./methodFacts";
import type { MethodFacts, Network } from "./types";

/** How a client writes its requests: all but the id and the params is the same text in every call of a method. */
export interface Spelling {
  facts: MethodFacts;
  /** From the start, or from behind the id, to the bracket that opens the params. */
  key: string;
  /** Between the params and the id; undefined when the id comes first. */
  beforeId: string | undefined;
  end: string;
  hasBlanks: boolean;
}

/*
 * What was read last. A context serves one request at a time; variables of the module cost less than an object would.
 */
export let quickFacts: MethodFacts;
/** As the client wrote it. */
export let quickId = "";
export let quickParams = "";
/** The same, parsed. */
export let quickValues: unknown[] = [];

/** The params may have white space between values. */
export let quickBlanks = false;

const { parse } = JSON;
const idFirst = '{"jsonrpc":"2.0","id":';
const idStart = idFirst.length;
/** As many digits as a number holds for certain, and its sign. */
const longestId = 16;
/** No text up to the params is shorter: there is no need to look for them in it. */
const shortestKey = ',"method":"x","params":'.length;
/** Strings of a context in reserve stay in memory: none may be long. */
const longestText = 16_384;

/**
 * Reads a request that is spelled as the common libraries do. The text around id and params is compared as a whole, so it need not be
 * parsed; that id and params are one JSON value each is seen by parsing them. The engine is slow at looking for a character and quick at
 * comparing texts.
 * @returns false when it is spelled otherwise, or wrong
 */
export function readQuickly(text: string, network: Network): boolean {
  if (text.length > longestText) return false;
  let spelling: Spelling | undefined;
  try {
    if (text.startsWith(idFirst)) {
      quickId = `${Number.parseInt(text.slice(idStart, idStart + longestId), 10)}`;
      if (!text.startsWith(quickId, idStart) && !readTextId(text)) return false;
      const keyStart = idStart + quickId.length;
      spelling = spellingAt(text, keyStart, network);
      if (spelling === undefined || spelling.beforeId !== undefined) return false;
      if (text.charCodeAt(text.length - 1) !== 125) return false;
      quickParams = text.slice(keyStart + spelling.key.length - 1, -1);
    } else {
      spelling = spellingAt(text, 0, network);
      if (spelling?.beforeId === undefined || !readIdBehind(text, spelling)) return false;
    }
    quickValues = parse(quickParams) as unknown[];
  } catch {
    return false;
  }
  quickFacts = spelling.facts;
  quickBlanks = spelling.hasBlanks;
  return true;
}

/** An id before the method that is no plain number: a string. */
function readTextId(text: string): boolean {
  if (text.charCodeAt(idStart) !== 34) return false;
  quickId = text.slice(idStart, text.indexOf(",", idStart));
  parse(quickId);
  return true;
}

function readIdBehind(text: string, { key, beforeId, end }: Spelling): boolean {
  const paramsEnd = text.lastIndexOf(beforeId!);
  if (paramsEnd < key.length || !text.endsWith(end)) return false;
  quickId = text.slice(paramsEnd + beforeId!.length, -end.length);
  quickParams = text.slice(key.length - 1, paramsEnd);
  if (`${Number.parseInt(quickId, 10)}` === quickId) return true;
  if (quickId.charCodeAt(0) !== 34) return false;
  parse(quickId);
  return true;
}

/** Those that this context has met. */
function spellingAt(text: string, at: number, network: Network): Spelling | undefined {
  const { spellings } = network;
  for (let i = 0; i < spellings.length; i++) {
    const spelling = spellings[i]!;
    if (text.startsWith(spelling.key, at)) return spelling;
  }
  return learn(text.slice(at, text.indexOf("[", at + shortestKey) + 1), network);
}

/** The texts up to the params, or between id and params, and what follows them. */
const usualSpellings: { start: RegExp; beforeId?: string; end: string }[] = [
  { start: /^,"method":"(\w+)","params":\[$/, end: "}" },
  { start: /^\{"jsonrpc":"2\.0","method":"(\w+)","params":\[$/, beforeId: ',"id":', end: "}" },
  { start: /^\{"jsonrpc": "2\.0", "method": "(\w+)", "params": \[$/, beforeId: ', "id": ', end: "}" },
  { start: /^\{"method":"(\w+)","params":\[$/, beforeId: ',"id":', end: ',"jsonrpc":"2.0"}' },
];
/** Beyond them, one is found out anew each time. */
const mostKnown = 32;

function learn(key: string, network: Network): Spelling | undefined {
  for (const { start, beforeId, end } of usualSpellings) {
    const facts = methodFacts(network, start.exec(key)?.[1] ?? "");
    if (facts === undefined) continue;
    const spelling = { facts, key, beforeId, end, hasBlanks: key.includes(" ") };
    if (network.spellings.length < mostKnown) network.spellings.push(spelling);
    return spelling;
  }
  return undefined;
}
