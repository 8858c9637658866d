import type { PoolLimits } from "../../functions/domain/render/poolFile";
import { sharedState } from "./sharedState";
import type { Network, Runtime } from "./types";

/** Below it, differences are noise of the machine. */
const shortestWaitMs = 20;
/** Calls that may be raced in a row after a quiet time. */
const mostSaved = 10;

/**
 * After how long without an answer a call is sent to a second node, in ms; 0 when it is not.
 * @param usualMs what all but the node's slowest answers keep to; 0 when unknown
 */
export function hedgeAfter(usualMs: number, longestMs: number): number {
  const wait = Math.max(shortestWaitMs, usualMs);
  return usualMs > 0 && wait < longestMs ? Math.ceil(wait) : 0;
}

/** No call waits longer for that: 0 when none is sent twice. */
export function longestHedgeMs({ hedgeShare, attemptTimeoutMs }: PoolLimits): number {
  return hedgeShare === 0 ? 0 : attemptTimeoutMs / 2;
}

/** So many calls were answered: each allows for its share of an extra one. */
export function saveForHedges(runtime: Runtime, network: Network, calls: number): void {
  try {
    const key = `i|${network.name}`;
    if ((sharedState().get(key) ?? 0) < mostSaved)
      sharedState().incr(key, calls * runtime.limits.hedgeShare, 0);
  } catch {
    // Slow calls stay slow.
  }
}

/** @returns whether one more call may be sent twice */
export function spendHedge(network: Network): boolean {
  try {
    const key = `i|${network.name}`;
    if ((sharedState().get(key) ?? 0) < 1) return false;
    sharedState().incr(key, -1, 0);
    return true;
  } catch {
    return false;
  }
}
