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

/** A request that is spelled as the common libraries do. */
export interface QuickRequest {
  facts: MethodFacts;
  /** As the client wrote it. */
  id: string;
  /** It may go to nodes as it is: they have been seen to change strings, fractions and large numbers. */
  idTravels: boolean;
  /** The same. */
  paramsText: string;
  /** Without white space between values. */
  compactParams: string;
  params: unknown[];
}

// biome-ignore lint/suspicious/noConstEnum: the bundle holds the numbers themselves
export const enum Sizes {
  /** Of `idFirst`. */
  idStart = 22,
  /** As many digits as a number holds for certain, and its sign. */
  longestId = 16,
  leastUnsafe = 1e15,
  /** Strings of a context in reserve stay in memory: none may be long. */
  longestText = 16_384,
}

const { parse } = JSON;
const { parseInt: integerOf } = Number;
/** Starts nearly all requests, and all answers. */
export const idFirst = '{"jsonrpc":"2.0","id":';
/** No text up to the params is shorter: there is no need to look for them in it. */
const shortestKey = ',"method":"x","params":'.length;

/**
 * Reads a request that is spelled as the common libraries do. The text around id and params is compared as a whole, so it need not be
 * parsed; that id and params are one JSON value each is seen by parsing them. The engine is slow at looking for a character and quick at
 * comparing texts.
 * @returns undefined when it is spelled otherwise, or wrong
 */
export function readQuickly(text: string, network: Network): QuickRequest | undefined {
  if (text.length > Sizes.longestText) return undefined;
  try {
    return text.slice(0, Sizes.idStart) === idFirst ? readIdFirst(text, network) : readIdLast(text, network);
  } catch {
    return undefined;
  }
}

function readIdFirst(text: string, network: Network): QuickRequest | undefined {
  const id = text.slice(Sizes.idStart, text.indexOf(",", Sizes.idStart));
  const idTravels = travels(id);
  const at = Sizes.idStart + id.length;
  const facts = factsIdFirst(text, at, network);
  if (facts === undefined || text.charCodeAt(text.length - 1) !== 125) return undefined;
  const paramsText = text.slice(at + facts.idFirstKey.length - 1, -1);
  return {
    facts,
    id,
    idTravels,
    paramsText,
    compactParams: paramsText,
    params: parse(paramsText) as unknown[],
  };
}

/** @throws when the id is neither a plain number nor a string */
function travels(id: string): boolean {
  const number = integerOf(id.slice(0, Sizes.longestId), 10);
  if (String(number) === id && !Number.isNaN(number)) return number >= 0 && number < Sizes.leastUnsafe;
  if (id.charCodeAt(0) !== 34) throw new Error("an id of an unusual kind");
  parse(id);
  return false;
}

/** The method of a request whose id ended at `at`; what is asked for often moves to the front. */
export function factsIdFirst(text: string, at: number, network: Network): MethodFacts | undefined {
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

/** A method that this context has not met in this spelling. */
function learnIdFirst(text: string, at: number, network: Network): MethodFacts | undefined {
  const key = text.slice(at, text.indexOf("[", at + shortestKey) + 1);
  const facts = methodFacts(network, /^,"method":"(\w+)","params":\[$/.exec(key)?.[1] ?? "");
  if (facts !== undefined) network.idFirstMethods.push(facts);
  return facts;
}

function readIdLast(text: string, network: Network): QuickRequest | undefined {
  const { spellings } = network;
  const spelling = spellings.find(({ key }) => text.startsWith(key)) ?? learnIdLast(text, network);
  if (spelling === undefined) return undefined;
  const { facts, key, beforeId, end, hasBlanks } = spelling;
  const paramsEnd = text.lastIndexOf(beforeId);
  if (paramsEnd < key.length || !text.endsWith(end)) return undefined;
  const id = text.slice(paramsEnd + beforeId.length, -end.length);
  const idTravels = travels(id);
  const paramsText = text.slice(key.length - 1, paramsEnd);
  const params = parse(paramsText) as unknown[];
  const compactParams = hasBlanks ? withoutBlanks(paramsText) : paramsText;
  return { facts, id, idTravels, paramsText, compactParams, params };
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
