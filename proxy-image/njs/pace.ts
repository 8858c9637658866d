import type { PoolNetwork } from "../../functions/domain/render/poolFile";
import type { HeadNumbers } from "./headNumbers";
import { sharedState } from "./sharedState";

/** As in the health check: a chain is believed to grow up to this many times faster than expected. */
const fastestGrowth = 10;
/** A height that one node alone has although the others were asked, by the pace that was measured. */
const loneGrowth = 3;
const loneBlocks = 2;
/** A new head waits so long at most until half of the nodes have it: else the first to have it would get every call. */
const longestSettleMs = 500;
/** The pace of the last minute counts; after a longer rest it is measured anew. */
const memoryMs = 60_000;
const longestRestMs = 10_000;
/** The fastest chains make some ten blocks a second; one leap is no pace. */
const mostBlocksPerMs = 0.02;

/** How fast a chain grows, and which heights can be believed by that. */
export class Pace {
  private readonly maxLag: number;
  private readonly blockTimeMs: number;

  constructor(
    { maxLagBlocks, blockTimeSeconds }: PoolNetwork,
    private readonly keys: HeadNumbers,
    private readonly pollMs: number,
  ) {
    this.maxLag = maxLagBlocks;
    this.blockTimeMs = blockTimeSeconds * 1000;
  }

  /** The highest height that needs nobody's confirmation. */
  limit(now: number): number {
    return this.sinceConfirmed(now, fastestGrowth / this.blockTimeMs) + this.maxLag;
  }

  /** The highest that is handed out when one node alone has it although the others were asked. */
  loneLimit(now: number): number {
    return this.sinceConfirmed(now, this.blocksPerMs() * loneGrowth) + loneBlocks;
  }

  private sinceConfirmed(now: number, blocksPerMs: number): number {
    const known = sharedState();
    const elapsedMs = Math.max(0, now - (known.get(this.keys.confirmedAt) ?? now));
    return (known.get(this.keys.confirmed) ?? 0) + elapsedMs * blocksPerMs;
  }

  /** The chain adds so many blocks between two looks at a node: one that was so far behind at the last will have the head. */
  slack(): number {
    return Math.min(this.maxLag, Math.floor(this.blocksPerMs() * this.pollMs));
  }

  /** How long a new head waits for a second node to have it. */
  settleMs(): number {
    return Math.min(longestSettleMs, 1 / (4 * Math.max(this.blocksPerMs(), 1e-9)));
  }

  /** Measures; called once a round of polling. */
  measure(now: number): void {
    const known = sharedState();
    const { rate, rateAt, rateHead } = this.keys;
    const head = known.get(this.keys.head) ?? -1;
    const elapsedMs = now - (known.get(rateAt) ?? 0);
    const rise = head - (known.get(rateHead) ?? head);
    known.set(rateAt, now);
    known.set(rateHead, head);
    if (elapsedMs <= 0 || elapsedMs > longestRestMs || head < 0) return;
    const share = 1 - Math.exp(-elapsedMs / memoryMs);
    const pace = Math.min(mostBlocksPerMs, Math.max(0, rise) / elapsedMs);
    const before = this.blocksPerMs();
    known.set(rate, before + (pace - before) * share);
  }

  private blocksPerMs(): number {
    return sharedState().get(this.keys.rate) ?? 1 / this.blockTimeMs;
  }
}
