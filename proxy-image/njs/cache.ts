import { Depends, Stability, stabilityOf, stabilityOfRange } from "./cacheRules";
import type { Call } from "./call";
import { withoutBlanks } from "./quickRequest";
import type { MethodFacts, Network } from "./types";

/**
 * Answers in shared memory, for all workers, and which calls are under way, so that equal calls at the same time make one call to a
 * node. Kept answers begin with the comma before their `result` and go on to the end; others are for those alone that wait for them.
 * Calls under way have a dictionary of their own, because most are asked once: a small one is in the processor's caches. A dictionary
 * that fails costs calls to nodes, nothing else.
 */
const keptStart = ',"result":';

const handedOver = "!";
/** Stands for a call that others wait for. */
export const awaited = "w";

/** Answers that can't change any more make room for newer ones after this time. */
const finalMs = 3_600_000;
const handedOverMs = 250;
/** Those who wait for an equal call look this often at least. */
const longestWaitMs = 16;
/** A hash: nothing longer names a block or transaction. */
const longestName = 66;
const largestKept = 131_072;
// biome-ignore lint/suspicious/noConstEnum: the bundle holds the numbers themselves
export const enum Kept {
  /** What starts a kept answer. */
  comma = 44,
}
/** What depends on the head is worth keeping only if it is asked often: then one of so many keeps it soon. */
export const keptShare = 1 / 8;

const { random } = Math;
/** Set by `hasCache`. */
export let zone: NgxSharedDict<string> | undefined;
export let flights: NgxSharedDict<string>;

/*
 * The call under way. A context serves one request at a time.
 */
/** Name of the entry that this call has to fill; empty when it has none. */
let slot = "";
let slotMs = 0;
let slotFacts: MethodFacts;
let slotNetwork: Network;
/** The first param where it matters and names something: contexts in reserve keep no large params in memory. */
let slotAsked: string | undefined;
/** See `takeFound`. */
let found = "";

// biome-ignore lint/suspicious/noConstEnum: the bundle holds the numbers themselves
export const enum Turn {
  /** The call is sent, and its answer is its own. */
  alone = 0,
  /** The call is sent, and `land` has to be called with what came of it. */
  leads = 1,
  /** `takeFound` is the answer behind its id. */
  hit = 2,
  /** An equal call is under way: `lookAgain` after a moment. */
  waits = 3,
  /** `takeFound` is the member that an equal call has got. */
  handed = 4,
}

/** Whether there is one. Without it no call may come here: its method depends on its caller then, see `factsOf`. */
export function hasCache(): boolean {
  zone ??= (ngx.shared as Record<string, unknown>).cache as NgxSharedDict<string> | undefined;
  flights = (ngx.shared as Record<string, unknown>).flights as NgxSharedDict<string>;
  return zone !== undefined;
}

/**
 * What to do with a call whose method has answers to share. Here as below, `facts` are those of the network's edition.
 * @param paramsText the same without white space between values
 * @param longestMs how long others wait for it at most
 */
export function takeTurn(
  network: Network,
  facts: MethodFacts,
  params: unknown[],
  paramsText: string,
  longestMs: number,
): Turn {
  // An earlier request of this context may have been ended.
  slot = "";
  slotFacts = facts;
  slotNetwork = network;
  slotMs = facts.headMs;
  // Nearly all that is asked is asked of the newest block.
  const { blockParam } = facts;
  const isOfHead = blockParam >= 0 ? params[blockParam] === "latest" : facts.livesWithHead;
  const prefix = isOfHead ? facts.headPrefix : prefixOf(network, facts, params);
  const key =
    prefix + (typeof params[0] === "object" ? canonical(params, paramsText) : inSmallLetters(paramsText));
  try {
    const entry = zone!.get(key);
    if (entry !== undefined) {
      if (entry.charCodeAt(0) !== Kept.comma) return Turn.alone;
      found = entry;
      return Turn.hit;
    }
    if (flights.add(key, "", longestMs)) {
      slot = key;
      return Turn.leads;
    }
    join(key);
    return Turn.waits;
  } catch {
    return Turn.alone;
  }
}
let waitedFor = "";

/** Waits for the call that is under way under `key`. */
export function join(key: string): void {
  flights.replace(key, awaited);
  waitedFor = key;
}

/** For a call whose answer is nobody else's: what the context's last request left behind when it was ended is not its own. */
export function goAlone(): void {
  slot = "";
}

/** What was found; a context in reserve does not keep it. */
export function takeFound(): string {
  const taken = found;
  found = "";
  return taken;
}

/** How long to wait until the next look, after `ms`. */
export function nextWaitMs(ms: number): number {
  return Math.min(ms * 2, longestWaitMs);
}

/** Looks whether the equal call has its answer. With none of it, this call takes its place. */
export function lookAgain(longestMs: number, isLast: boolean): Turn {
  try {
    const entry = zone!.get(waitedFor);
    if (entry !== undefined) {
      const isKept = entry.charCodeAt(0) === Kept.comma;
      found = isKept ? entry : entry.slice(1);
      return isKept ? Turn.hit : Turn.handed;
    }
    if (flights.add(waitedFor, "", longestMs)) {
      slot = waitedFor;
      return Turn.leads;
    }
    if (!isLast) return Turn.waits;
    // Whoever had it under way is gone.
    flights.delete(waitedFor);
  } catch {
    // It goes alone.
  }
  return Turn.alone;
}

/**
 * The call that led has ended.
 * @param result its result when there is one
 * @param value the same, parsed
 * @param error what those who wait are answered when there is none; undefined when they have to ask for themselves
 */
export function land(result: string | undefined, value: unknown, error?: string): void {
  if (slot === "") return;
  const key = slot;
  slot = "";
  try {
    const isAwaited = flights.pop(key) === awaited;
    const mayBeFinal = slotMs === finalMs || slotFacts.depends === Depends.onHash;
    if (!isAwaited && (slotMs === 0 || (!mayBeFinal && random() >= keptShare))) return;
    fill(key, isAwaited, mayBeFinal, result, value, error);
  } catch {
    // The next one asks again.
  }
}

function fill(
  key: string,
  isAwaited: boolean,
  mayBeFinal: boolean,
  result: string | undefined,
  value: unknown,
  error: string | undefined,
): void {
  const ms = result === undefined ? 0 : lifetimeOf(result, value);
  if (ms > 0 && (isAwaited || !mayBeFinal || ms === finalMs || random() < keptShare))
    zone!.set(key, `${keptStart}${result}}`, ms);
  else if (isAwaited && (result ?? error) !== undefined)
    zone!.set(key, `${handedOver}${result === undefined ? error : `"result":${result}`}`, handedOverMs);
}

/**
 * The call of the quick road that led under `key`, of the newest block, has ended well, and is to be kept.
 * @param isAwaited others wait for it
 */
export function landOfHead(
  network: Network,
  facts: MethodFacts,
  key: string,
  isAwaited: boolean,
  result: string,
  value: unknown,
): void {
  adopt(network, facts, key);
  slot = "";
  fill(key, isAwaited, false, result, value, undefined);
}

/** A call of the newest block that the quick road has begun, and does not end. */
export function adopt(network: Network, facts: MethodFacts, key: string): void {
  slot = key;
  slotFacts = facts;
  slotNetwork = network;
  slotMs = facts.headMs;
}

/** The same for a call that has come to its end on the general road. */
export function landCall(call: Call): void {
  if (slot === "") return;
  const { member, outcome } = call;
  const result = outcome === "ok" ? member?.slice('"result":'.length) : undefined;
  let value: unknown = null;
  if (result !== undefined && result.length <= largestKept) value = JSON.parse(result);
  // What kept nodes from answering may be over by now.
  land(result, value, outcome === "error" ? member : undefined);
}

/** The kept `result` member for a call that does not wait for others, as in a batch. */
export function lookUp(
  network: Network,
  facts: MethodFacts,
  params: unknown[],
  paramsText: string,
): string | undefined {
  if (facts.depends === Depends.onCaller) return undefined;
  try {
    const entry = zone!.get(keyOf(network, facts, params, withoutBlanks(paramsText)));
    return entry?.startsWith(keptStart) === true ? entry.slice(1, -1) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the answer of such a call, if it is one to be kept. */
export function keep(
  network: Network,
  facts: MethodFacts,
  params: unknown[],
  paramsText: string,
  result: string,
): void {
  if (facts.depends === Depends.onCaller || result.length > largestKept) return;
  try {
    const key = keyOf(network, facts, params, withoutBlanks(paramsText));
    const ms = lifetimeOf(result, JSON.parse(result));
    if (ms === finalMs || (ms > 0 && random() < keptShare)) zone!.add(key, `${keptStart}${result}}`, ms);
  } catch {
    // The next one asks again.
  }
}

/** Names the entry, and finds out how long it may be kept: `takeTurn` has the same with the usual case in short. */
function keyOf(network: Network, facts: MethodFacts, params: unknown[], paramsText: string): string {
  slotFacts = facts;
  slotNetwork = network;
  return prefixOf(network, facts, params) + canonical(params, paramsText);
}

/** What can change carries the head or the fork in its name. */
function prefixOf(network: Network, facts: MethodFacts, params: unknown[]): string {
  const asked = params[0];
  slotAsked = typeof asked === "string" && asked.length <= longestName ? asked : undefined;
  let stability: Stability = Stability.moment;
  if (facts.depends === Depends.onNothing) stability = Stability.final;
  else if (facts.depends === Depends.onBlock) stability = stabilityOf(network, params[facts.blockParam]);
  else if (facts.depends === Depends.onRange) stability = stabilityOfRange(network, asked);
  else if (facts.depends === Depends.onHead) stability = stabilityOf(network, undefined);
  else if (facts.depends === Depends.onHash) {
    slotMs = network.head < 0 ? 0 : network.blockTimeMs;
    return `${network.name}|f${network.fork}|${facts.name}`;
  }
  slotMs = stability === Stability.final ? finalMs : stability === Stability.head ? network.blockTimeMs : 0;
  return stability === Stability.final ? `${network.name}||${facts.name}` : facts.headPrefix;
}

/** How long a result may be kept, in ms: never a null, nor what does not fit the question. */
function lifetimeOf(result: string, value: unknown): number {
  if (slotMs === 0 || value === null || result.length > largestKept) return 0;
  if (slotFacts.depends === Depends.onHash) return lifetimeByHash(value as Described);
  if (slotMs < finalMs || typeof value !== "object") return slotMs;
  if (slotFacts.name === "eth_getBlockReceipts" && (value as unknown[]).length === 0) return 0;
  if (slotFacts.name !== "eth_getBlockByNumber" || slotAsked === "earliest") return slotMs;
  return Number((value as Described).number) === Number(slotAsked) ? slotMs : 0;
}

interface Described {
  hash?: unknown;
  transactionHash?: unknown;
  blockHash?: unknown;
  number?: unknown;
  blockNumber?: unknown;
}

function lifetimeByHash(value: Described): number {
  const { hash, transactionHash, blockHash, number, blockNumber } = value;
  if (slotAsked === undefined) return 0;
  const wanted = slotAsked.toLowerCase();
  if (hash !== wanted && transactionHash !== wanted && blockHash !== wanted) return 0;
  const height = blockNumber ?? number;
  // Not yet in a block.
  if (typeof height !== "string") return 0;
  return Number(height) <= slotNetwork.finalHeight ? finalMs : slotMs;
}

/**
 * Equal params are spelled in several ways: hexadecimal digits in capitals, blanks, an object's members in another order. Nothing else
 * is taken for equal; params that lose digits when they are parsed stay as they are.
 */
function canonical(params: unknown[], text: string): string {
  if (text.charCodeAt(1) !== 123) return inSmallLetters(text);
  const first = params[0] as Record<string, unknown>;
  if (isSorted(first) || JSON.stringify(params) !== text) return inSmallLetters(text);
  return inSmallLetters(JSON.stringify([sorted(first), ...params.slice(1)]));
}

/** A context that has met no capitals in so many calls looks for them in one of a few only: looking costs as much as parsing. */
const lookedAtFirst = 16;
const lookedAtShare = 16;
let toLookAt = lookedAtFirst;
let passedOver = 0;

/** Text with capitals that were passed over names an entry of its own: that costs a call to a node, now and then. */
export function inSmallLetters(text: string): string {
  if (toLookAt === 0 && ++passedOver < lookedAtShare) return text;
  const small = text.toLowerCase();
  passedOver = 0;
  if (small !== text) toLookAt = lookedAtFirst;
  else if (toLookAt > 0) toLookAt--;
  return small;
}

function isSorted(value: object): boolean {
  let last = "";
  for (const name in value) {
    if (name < last) return false;
    last = name;
  }
  return true;
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
