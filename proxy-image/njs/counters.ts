import type { Outcome } from "./call";
import { methodLabel } from "./methods";
import type { Failure, Network, Node } from "./types";

/**
 * Counters in shared memory. Names are made of a letter and labels, parted by `|`; none of the labels has one. Labels come from
 * bounded sets, so the number of counters is bounded too.
 */
const counters = (): NgxSharedDict<number> => ngx.shared.counters as NgxSharedDict<number>;

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
export function countCall(network: Network, method: string, node: Node | undefined, outcome: Outcome): void {
  add(`c|${network.name}|${methodLabel(method)}|${node === undefined ? "" : node.id}|${outcome}|none`, 1);
}

/** A node answered `calls` calls at once. */
export function countAnswer(network: Network, node: Node, milliseconds: number, calls: number): void {
  let bucket = 0;
  while (bucket < bucketsMs.length && milliseconds > bucketsMs[bucket]!) bucket++;
  add(`h|${network.name}|${node.id}|${bucket}`, 1);
  add(`t|${network.name}|${node.id}`, milliseconds);
  if (calls > 1) add(`n|${network.name}|${node.id}`, calls - 1);
}

/** A node failed a call. */
export function countFailure(network: Network, node: Node, failure: Failure): void {
  add(`f|${network.name}|${node.id}|${failure}`, 1);
}

export function countEjection(network: Network, node: Node): void {
  add(`j|${network.name}|${node.id}`, 1);
}

/** A client's HTTP request was answered. */
export function countResponse(status: number): void {
  add(`s|${status}`, 1);
}

/** Everything counted so far. */
export function allCounters(): [string, number][] {
  return counters().items() as [string, number][];
}
