import { methodFacts } from "./methodFacts";
import type { MethodFacts, Network } from "./types";

/** How a client writes its requests when the id comes last: all but the id and the params is the same text in every call of a method. */
export interface Spelling {
  facts: MethodFacts;
  /** From the start to the bracket that opens the params. */
  key: string;
  /** Between the params and the id. */
  beforeId: string;
  end: string;
  hasBlanks: boolean;
}

/*
 * What was read last. A context serves one request at a time; variables of the module cost less than an object would.
 */
export let quickFacts: MethodFacts;
/** As the client wrote it. */
export let quickId = "";
/** It may go to nodes as it is: they have been seen to change strings, fractions and large numbers. */
export let quickIdTravels = false;
export let quickParams = "";
/** The same, parsed. */
export let quickValues: unknown[] = [];
/** The params may have white space between values. */
export let quickBlanks = false;

const { parse } = JSON;
const { parseInt: integerOf } = Number;
const idFirst = '{"jsonrpc":"2.0","id":';
const idStart = idFirst.length;
/** As many digits as a number holds for certain, and its sign. */
const longestId = 16;
const leastUnsafe = 1e15;
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
  try {
    const id = integerOf(text.slice(idStart, idStart + longestId), 10);
    quickId = String(id);
    quickIdTravels = id >= 0 && id < leastUnsafe;
    const at = idStart + quickId.length;
    let facts = network.idFirstMethods[0];
    if (
      facts === undefined ||
      text.slice(0, at + facts.idFirstKey.length) !== idFirst + quickId + facts.idFirstKey
    ) {
      if (text.slice(0, idStart) !== idFirst) return readIdLast(text, network);
      if (text.slice(idStart, at) !== quickId && !readTextId(text)) return false;
      facts = factsIdFirst(text, idStart + quickId.length, network);
    }
    if (facts === undefined || text.charCodeAt(text.length - 1) !== 125) return false;
    quickParams = text.slice(idStart + quickId.length + facts.idFirstKey.length - 1, -1);
    quickValues = parse(quickParams) as unknown[];
    quickFacts = facts;
    quickBlanks = false;
    return true;
  } catch {
    return false;
  }
}

/** Of another method than the first one; what is asked for often moves to the front. */
function factsIdFirst(text: string, at: number, network: Network): MethodFacts | undefined {
  const known = network.idFirstMethods;
  const index = known.findIndex(({ idFirstKey }) => text.slice(at, at + idFirstKey.length) === idFirstKey);
  if (index < 0) return learnIdFirst(text, at, network);
  const facts = known[index]!;
  if (index > 0) {
    known[index] = known[index - 1]!;
    known[index - 1] = facts;
  }
  return facts;
}

/** An id before the method that is no plain number: a string. */
function readTextId(text: string): boolean {
  if (text.charCodeAt(idStart) !== 34) return false;
  quickId = text.slice(idStart, text.indexOf(",", idStart));
  quickIdTravels = false;
  parse(quickId);
  return true;
}

/** A method that this context has not met in this spelling. */
function learnIdFirst(text: string, at: number, network: Network): MethodFacts | undefined {
  const key = text.slice(at, text.indexOf("[", at + shortestKey) + 1);
  const facts = methodFacts(network, /^,"method":"(\w+)","params":\[$/.exec(key)?.[1] ?? "");
  if (facts !== undefined) network.idFirstMethods.push(facts);
  return facts;
}

function readIdLast(text: string, network: Network): boolean {
  const { spellings } = network;
  const spelling = spellings.find(({ key }) => text.startsWith(key)) ?? learnIdLast(text, network);
  if (spelling === undefined) return false;
  const { facts, key, beforeId, end } = spelling;
  const paramsEnd = text.lastIndexOf(beforeId);
  if (paramsEnd < key.length || !text.endsWith(end)) return false;
  quickId = text.slice(paramsEnd + beforeId.length, -end.length);
  const id = integerOf(quickId, 10);
  quickIdTravels = id >= 0 && id < leastUnsafe;
  if (String(id) !== quickId) {
    quickIdTravels = false;
    if (quickId.charCodeAt(0) !== 34) return false;
    parse(quickId);
  }
  quickParams = text.slice(key.length - 1, paramsEnd);
  quickValues = parse(quickParams) as unknown[];
  quickFacts = facts;
  quickBlanks = spelling.hasBlanks;
  return true;
}

/** The texts up to the params, and what follows them. */
const idLastSpellings = [
  { start: /^\{"jsonrpc":"2\.0","method":"(\w+)","params":\[$/, beforeId: ',"id":', end: "}" },
  { start: /^\{"jsonrpc": "2\.0", "method": "(\w+)", "params": \[$/, beforeId: ', "id": ', end: "}" },
  { start: /^\{"method":"(\w+)","params":\[$/, beforeId: ',"id":', end: ',"jsonrpc":"2.0"}' },
];
/** Beyond them, one is found out anew each time. */
const mostKnown = 32;

function learnIdLast(text: string, network: Network): Spelling | undefined {
  const key = text.slice(0, text.indexOf("[", shortestKey) + 1);
  for (const { start, beforeId, end } of idLastSpellings) {
    const facts = methodFacts(network, start.exec(key)?.[1] ?? "");
    if (facts === undefined) continue;
    const spelling = { facts, key, beforeId, end, hasBlanks: key.includes(" ") };
    if (network.spellings.length < mostKnown) network.spellings.push(spelling);
    return spelling;
  }
  return undefined;
}

/** JSON text without the white space between values; as it is when there may be some that counts. */
export function withoutBlanks(text: string): string {
  if (text.indexOf(" ") < 0 || text.includes("\\")) return text;
  return text
    .split('"')
    .map((part, index) => (index % 2 === 0 ? part.replace(/\s+/g, "") : part))
    .join('"');
}
