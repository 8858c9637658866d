import { sharedState } from "./sharedState";
import type { Network, Runtime } from "./types";

/** Below it, differences are noise of the machine. */
const shortestWaitMs = 20;
/** Calls that may be raced in a row after a quiet time. */
const mostSaved = 10;

/** After how long without an answer a call is sent to a second node, in ms; 0 when it is not. */
export function hedgeAfterMs(runtime: Runtime, network: Network, usualMs: number): number {
  const { hedgeShare, attemptTimeoutMs } = runtime.limits;
  if (hedgeShare === 0 || usualMs === 0 || network.rotation.length < 2) return 0;
  const wait = Math.max(shortestWaitMs, usualMs);
  return wait < attemptTimeoutMs / 2 ? wait : 0;
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
