import type { PoolNetwork } from "../../functions/domain/render/poolFile";
import type { HeadNumbers } from "./headNumbers";

/** All nodes are below the head only if hardly a moment passes without one of them saying so. */
const longestSilenceMs = 15_000;

/** Tells a node below the head, which is common, from a chain that was set back: then all nodes are below it for long. */
export class SetBack {
  private readonly maxLag: number;
  private readonly nearWaitMs: number;
  private readonly farWaitMs: number;

  constructor(
    { maxLagBlocks, blockTimeSeconds }: PoolNetwork,
    private readonly keys: HeadNumbers,
    callTimeoutMs: number,
  ) {
    this.maxLag = maxLagBlocks;
    // Long after every answer from before the fall, and for a small one: after the nodes that are left have caught up.
    this.farWaitMs = callTimeoutMs * 2.5;
    this.nearWaitMs = Math.max(this.farWaitMs, (maxLagBlocks + 2) * blockTimeSeconds * 1000);
  }

  /**
   * A node was seen below the head.
   * @returns the height of the chain when it was set back
   */
  whileBelow(height: number, head: number, now: number): number | undefined {
    const known = ngx.shared.state as NgxSharedDict<number>;
    const { belowSince, belowLast, belowMost, level } = this.keys;
    const since = known.get(belowSince) ?? 0;
    const last = known.get(belowLast) ?? 0;
    known.set(belowLast, now);
    if (since <= (known.get(level) ?? 0) || now - last > longestSilenceMs) {
      known.set(belowSince, now);
      known.set(belowMost, height);
      return undefined;
    }
    const most = Math.max(height, known.get(belowMost) ?? 0);
    if (most === height) known.set(belowMost, height);
    const waitMs = head - most > this.maxLag ? this.farWaitMs : this.nearWaitMs;
    if (now - since < waitMs) return undefined;
    known.set(belowSince, 0);
    return most;
  }
}
