import type { MethodFacts, Network } from "./types";

/** How a client writes its requests: all but the id and the params is the same text in every call of a method. */
export interface Spelling {
  facts: MethodFacts;
  /** Between the params and the id; undefined when the id comes first. */
  beforeId: string | undefined;
  end: string;
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

const { parse } = JSON;
const largestId = Number.MAX_SAFE_INTEGER;
const idFirst = '{"jsonrpc":"2.0","id":';
const idStart = idFirst.length;
/** No text up to the params is shorter: there is no need to look for them in it. */
const shortestKey = ',"method":"x","params":'.length;
/** Strings of a context in reserve stay in memory: none may be long. */
const longestText = 16_384;

/**
 * Reads a request that is spelled as the common libraries do. The text around id and params is compared as a whole, so it need not be
 * parsed; that id and params are one JSON value each is seen by parsing them.
 * @returns false when it is spelled otherwise, or wrong
 */
export function readQuickly(text: string, network: Network): boolean {
  if (text.length > longestText) return false;
  let open: number;
  let spelling: Spelling | undefined;
  let idText: string;
  let params: string;
  if (text.startsWith(idFirst)) {
    const idEnd = text.indexOf(",", idStart);
    open = text.indexOf("[", idEnd + shortestKey);
    const key = text.slice(idEnd, open);
    spelling = network.spellings.get(key) ?? learn(key, network);
    if (spelling === undefined || text.charCodeAt(text.length - 1) !== 125) return false;
    idText = text.slice(idStart, idEnd);
    params = text.slice(open, -1);
  } else {
    open = text.indexOf("[", shortestKey);
    const key = text.slice(0, open);
    spelling = network.spellings.get(key) ?? learn(key, network);
    if (spelling?.beforeId === undefined) return false;
    const { beforeId, end } = spelling;
    const paramsEnd = text.lastIndexOf(beforeId);
    if (paramsEnd < open || !text.endsWith(end)) return false;
    idText = text.slice(paramsEnd + beforeId.length, -end.length);
    params = text.slice(open, paramsEnd);
  }
  const id = +idText;
  try {
    if (!(id >= 0 && id <= largestId && `${id}` === idText)) {
      if (idText.charCodeAt(0) !== 34) return false;
      parse(idText);
    }
    quickValues = parse(params) as unknown[];
  } catch {
    return false;
  }
  quickFacts = spelling.facts;
  quickId = idText;
  quickParams = params;
  return true;
}

/** The texts up to the params, or between id and params, and what follows them. */
const spellings: { start: RegExp; beforeId?: string; end: string }[] = [
  { start: /^,"method":"(\w+)","params":$/, end: "}" },
  { start: /^\{"jsonrpc":"2\.0","method":"(\w+)","params":$/, beforeId: ',"id":', end: "}" },
  { start: /^\{"jsonrpc": "2\.0", "method": "(\w+)", "params": $/, beforeId: ', "id": ', end: "}" },
  { start: /^\{"method":"(\w+)","params":$/, beforeId: ',"id":', end: ',"jsonrpc":"2.0"}' },
];

/** Happens once for each method and spelling in each context. */
function learn(key: string, network: Network): Spelling | undefined {
  for (const { start, beforeId, end } of spellings) {
    const facts = network.methods.get(start.exec(key)?.[1] ?? "");
    if (facts === undefined) continue;
    const spelling = { facts, beforeId, end };
    network.spellings.set(key, spelling);
    return spelling;
  }
  return undefined;
}
