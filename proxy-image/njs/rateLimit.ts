import type { CallRate } from "../../functions/domain/render/poolFile";

/**
 * Rate limits by the generic cell rate algorithm: of each caller one number is kept, the instant at which all its calls so far would be
 * through if they came evenly. A caller may be ahead of that by `burst` calls. All workers share the number, and counting is one atomic
 * addition, so that no two of them give out the same call.
 * @see https://www.itu.int/rec/T-REC-I.371 annex A
 */
let shared: NgxSharedDict<number> | undefined;
function dictionary(): NgxSharedDict<number> {
  shared ??= ngx.shared.limits as NgxSharedDict<number>;
  return shared;
}

/** Instants are counted from here: the nearer, the more of a millisecond's fractions a number holds. */
const epochMs = Date.UTC(2026, 0, 1);
/** A caller silent for so long starts afresh. */
const forgottenAfterMs = 3_600_000;
/** What rounding may be off by, in calls. */
const roundingCalls = 1e-6;

/** How long the last caller that was over its limit has to wait for its next call. */
export let waitMs = 0;

/**
 * Counts calls of a caller.
 * @returns how many of them are over the limit: those are not counted
 */
export function countCalls(
  caller: string,
  count: number,
  { perSecond, burst }: CallRate,
  nowMs: number,
): number {
  const now = nowMs - epochMs;
  const interval = 1000 / perSecond;
  const cost = count * interval;
  try {
    const limits = dictionary();
    let through = limits.incr(caller, cost, now, forgottenAfterMs);
    // It has rested. Two workers that see this at once give it one call too many.
    if (through - cost < now) {
      through = now + cost;
      limits.set(caller, through, forgottenAfterMs);
    }
    const excess = through - now - burst * interval;
    if (excess <= interval * roundingCalls) return 0;
    const over = Math.min(count, Math.ceil(excess / interval - roundingCalls));
    through = limits.incr(caller, -over * interval, now, forgottenAfterMs);
    waitMs = through + interval - now - burst * interval;
    return over;
  } catch {
    // A limit that can't be counted must not cost calls.
    return 0;
  }
}
