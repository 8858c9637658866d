import type { Call } from "./call";
import { methodLabel } from "./methods";
import type { Failure, Network, Node, Road } from "./types";

const { random } = Math;

/**
 * Counters in shared memory. Names are made of a letter and labels, parted by `|`; none of the labels has one. Labels come from
 * bounded sets, so the number of counters is bounded too.
 */
let dictionary: NgxSharedDict<number> | undefined;
function counters(): NgxSharedDict<number> {
  dictionary ??= ngx.shared.counters as NgxSharedDict<number>;
  return dictionary;
}

/** Upper bounds of the latency histogram's buckets, in ms. */
export const bucketsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000];

function add(name: string, amount: number): void {
  try {
    counters().incr(name, amount, 0);
  } catch {
    // A full dictionary loses counts, never calls.
  }
}

/** A call of a client came to its end. */
export function countCall(network: Network, { method, node, outcome, cache }: Call): void {
  const id = node === undefined ? "" : node.id;
  add(`c|${network.name}|${methodLabel(method)}|${id}|${outcome}|${cache}`, 1);
}

/** One call of so many adds to the sum of latencies, for all of them. */
const timedShare = 8;

/** A call that was answered well by the first node, its HTTP answer included: one counter for all of it. */
export function countQuick(road: Road, milliseconds: number): void {
  let bucket = 0;
  while (milliseconds > bucketsMs[bucket]!) bucket++;
  try {
    (dictionary ?? counters()).incr(road.counters[bucket] ?? nameCounter(road, bucket), 1, 0);
  } catch {
    // A full dictionary loses counts, never calls.
  }
  if (milliseconds > 0 && random() < 1 / timedShare) add(road.timeCounter, milliseconds * timedShare);
}

function nameCounter(road: Road, bucket: number): string {
  const name = road.counterStart + bucket;
  road.counters[bucket] = name;
  return name;
}

/** Adds one. */
export function countOne(name: string): void {
  add(name, 1);
}

export function timeCounterOf(network: Network, node: Node): string {
  return `t|${network.name}|${node.id}`;
}

/** A node answered `calls` calls at once. */
export function countAnswer(network: Network, node: Node, milliseconds: number, calls: number): void {
  let bucket = 0;
  while (bucket < bucketsMs.length && milliseconds > bucketsMs[bucket]!) bucket++;
  add(`h|${network.name}|${node.id}|${bucket}`, 1);
  add(timeCounterOf(network, node), milliseconds);
  if (calls > 1) add(`n|${network.name}|${node.id}`, calls - 1);
}

/** A node failed a call. */
export function countFailure(network: Network, node: Node, failure: Failure): void {
  add(`f|${network.name}|${node.id}|${failure}`, 1);
}

/** Calls are sent to a node whose plan is limited by month. */
export function countCredits(creditKey: string, calls: number): void {
  add(creditKey, calls);
}

export function countEjection(network: Network, node: Node): void {
  add(`j|${network.name}|${node.id}`, 1);
}

/** A call that was over a limit ended before it began. */
export function countLimited(network: Network, method: string): void {
  add(`c|${network.name}|${methodLabel(method)}||refused|none`, 1);
}

/** Counters of calls made with a key: let in, over a limit, or refused for where they came from or went. */
export function keyCounters(id: string): { admitted: string; limited: string; refused: string } {
  return { admitted: `u|${id}|admitted`, limited: `u|${id}|limited`, refused: `u|${id}|refused` };
}

export function countKeyCalls(counter: string, count: number): void {
  add(counter, count);
}

/** Calls or requests that were not let in. */
export function countTurnedAway(reason: string, count: number): void {
  add(`d|${reason}`, count);
}

/** A second node was asked because the first took longer than usual. */
export function countHedge(network: Network): void {
  add(`y|${network.name}`, 1);
}

/** A client's HTTP request was answered. */
export function countResponse(status: number): void {
  add(`s|${status}`, 1);
}

/** More than fit into the dictionary: without a number it gives out the first 1024. */
const mostCounters = 1_000_000;

/** Everything counted so far; what `countQuick` counted in one is taken apart. */
export function expandedCounters(): Map<string, number> {
  const all = new Map<string, number>();
  const plus = (name: string, value: number) => all.set(name, (all.get(name) ?? 0) + value);
  for (const [name, value] of counters().items(mostCounters) as [string, number][]) {
    const [kind, network, method, node, bucket] = name.split("|");
    if (kind === "k") {
      // What stands where the others have their node is how it was answered without one.
      plus(`c|${network}|${method}||ok|${node}`, value);
      plus("s|200", value);
    } else if (kind === "q" || kind === "m") {
      plus(`c|${network}|${method}|${node}|ok|${kind === "m" ? "miss" : "none"}`, value);
      plus(`h|${network}|${node}|${bucket}`, value);
      plus("s|200", value);
    } else {
      plus(name, value);
    }
  }
  return all;
}
