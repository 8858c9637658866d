import type { PoolNode } from "../../functions/domain/render/poolFile";
import { sharedState } from "./sharedState";
import type { Node } from "./types";

/** How often a node may be called. */
export interface NodeRate {
  /** So many calls in any time as long as the window. */
  most: number;
  windowMs: number;
  /** Names of its counts: one for windows with an even number, one for the others. */
  keys: [string, string];
}

/** A count and the window it is of, in one number: changed by adding, so that no worker's calls get lost. */
const countsPerWindow = 2 ** 21;

export function rateOf({ id, maxRequestsPerSecond }: PoolNode): NodeRate | undefined {
  if (maxRequestsPerSecond === undefined) return undefined;
  // Less than one call in a second is one call in a longer time.
  const windowMs = maxRequestsPerSecond >= 1 ? 1000 : 1000 / maxRequestsPerSecond;
  return { most: (maxRequestsPerSecond * windowMs) / 1000, windowMs, keys: [`v0|${id}`, `v1|${id}`] };
}

/**
 * How long to wait before the node may be called again, in ms; 0 when it may be called now. The calls of the window before count
 * with the share of it that lies within the last `windowMs`.
 */
export function waitOf({ rate }: Node, now: number): number {
  if (rate === undefined) return 0;
  const window = Math.floor(now / rate.windowMs);
  const current = countOf(rate, window);
  const before = countOf(rate, window - 1);
  const passed = now / rate.windowMs - window;
  if (before * (1 - passed) + current + 1 <= rate.most + 1e-9) return 0;
  if (current + 1 > rate.most) return Math.max(1, (1 - passed) * rate.windowMs);
  // When enough of the window before has passed out of sight.
  return Math.max(1, (1 - (rate.most - current - 1) / before - passed) * rate.windowMs);
}

/** Calls are sent to the node. */
export function charge({ rate }: Node, now: number, calls: number): void {
  if (rate === undefined) return;
  const window = Math.floor(now / rate.windowMs);
  const key = rate.keys[window % 2]!;
  const known = sharedState();
  const base = window * countsPerWindow;
  try {
    const value = known.get(key) ?? 0;
    if (value < base) known.set(key, base + calls);
    else known.incr(key, calls, base);
  } catch {
    // A full dictionary lets through, it does not stop.
  }
}

function countOf({ keys }: NodeRate, window: number): number {
  const value = sharedState().get(keys[window % 2]!) ?? 0;
  const count = value - window * countsPerWindow;
  return count > 0 && count < countsPerWindow ? count : 0;
}
