import type { Call } from "./call";
import { countEjection, countFailure } from "./counters";
import { eject } from "./state";
import type { Failure, Network, Node, Runtime } from "./types";

/** What counts against a node once another one has answered the same call. */
const countable = new Set<Failure>([
  "limited",
  "outOfCredit",
  "reset",
  "timeout",
  "http",
  "garbage",
  "refused",
  "trouble",
  "tooLarge",
]);

/** After these nobody knows whether the node has acted on the call. */
export const mayHaveActed = new Set<Failure>(["reset", "timeout", "http", "garbage", "trouble", "tooLarge"]);

/** How long a node rests at least, by what it said. */
const ownRestMs: Partial<Record<Failure, number>> = { outOfCredit: 300_000, refused: 30_000 };

/**
 * A node failed a call.
 * @param certain no caller can have brought the failure about
 */
export function failNode(
  runtime: Runtime,
  network: Network,
  call: Call,
  node: Node,
  seen: Failure,
  now: number,
  restMs = 0,
  certain = true,
): void {
  const failure = seen === "capped" && node.maxConcurrency === undefined ? "unreachable" : seen;
  call.fail(node, failure);
  countFailure(network, node, failure);
  // The others count once another node has answered the same call.
  if (certain && (failure === "unreachable" || failure === "limited" || failure === "outOfCredit"))
    ejectNode(runtime, network, node, now, Math.max(restMs, ownRestMs[failure] ?? 0));
}

/** Another node answered the same call, so it was not the call's fault. */
export function blameOthers(
  runtime: Runtime,
  network: Network,
  call: Call,
  answering: Node,
  now: number,
): void {
  for (const { node, failure } of call.failures ?? []) {
    if (node !== answering && countable.has(failure))
      ejectNode(runtime, network, node, now, ownRestMs[failure] ?? 0);
  }
}

export function ejectNode(runtime: Runtime, network: Network, node: Node, now: number, restMs: number): void {
  if (eject(node, now, runtime, restMs)) countEjection(network, node);
}
