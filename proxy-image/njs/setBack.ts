import type { PoolLimits, PoolNetwork } from "../../functions/domain/render/poolFile";
import type { HeadNumbers } from "./headNumbers";
import { sharedState } from "./sharedState";
import type { Node } from "./types";

/** All nodes are below the head only if hardly a moment passes without one of them saying so. */
const longestSilenceMs = 15_000;
/** Nodes of a chain that was set back fall within this time. */
const fallingTogetherMs = 60_000;

/** Tells a node below the head, which is common, from a chain that was set back: then all nodes are below it for long. */
export class SetBack {
  private readonly maxLag: number;
  private readonly nearWaitMs: number;
  private readonly farWaitMs: number;
  private readonly fallenWaitMs: number;
  /** No node is so far behind another one of those behind one address. */
  private readonly deep: number;

  constructor(
    { maxLagBlocks, blockTimeSeconds }: PoolNetwork,
    private readonly keys: HeadNumbers,
    /** The leader too. */
    private readonly nodes: Node[],
    { callTimeoutMs, attemptTimeoutMs, headPollMs }: PoolLimits,
  ) {
    this.maxLag = maxLagBlocks;
    this.deep = Math.max(maxLagBlocks, fallingTogetherMs / (blockTimeSeconds * 1000));
    // Whatever was asked before the fall has been answered, or given up; and all have been asked a few times since.
    this.fallenWaitMs = Math.max(attemptTimeoutMs * 1.25, headPollMs * 4);
    // Long after every answer from before the fall, and for a small one: after the nodes that are left have caught up.
    this.farWaitMs = callTimeoutMs * 2.5;
    this.nearWaitMs = Math.max(this.farWaitMs, (maxLagBlocks + 2) * blockTimeSeconds * 1000);
  }

  /** A node says less than it said before. One that lags does not do that. */
  noteFall({ id, height: before }: Node, height: number): void {
    if (before - height <= this.deep) return;
    sharedState().set(`fell|${id}`, Date.now());
  }

  /**
   * A node was seen below the head.
   * @returns the height of the chain when it was set back
   */
  whileBelow(height: number, head: number, now: number): number | undefined {
    const known = sharedState();
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
    const isOver = now - since >= waitMs;
    if (!isOver && !(now - since >= this.fallenWaitMs && this.haveAllFallen(head, now))) return undefined;
    known.set(belowSince, 0);
    return most;
  }

  /** All but those long out of use have themselves gone far down, and more than one says so, unless there is but one. */
  private haveAllFallen(head: number, now: number): boolean {
    const known = sharedState();
    let fallen = 0;
    for (const { id, heightKey, backoffKey, ejectedUntil } of this.nodes) {
      if (ejectedUntil > 0 && (known.get(backoffKey) ?? 0) > this.fallenWaitMs) continue;
      if (head - (known.get(heightKey) ?? head) <= this.deep) return false;
      if (now - (known.get(`fell|${id}`) ?? 0) > fallingTogetherMs) return false;
      fallen++;
    }
    return fallen >= Math.min(2, this.nodes.length);
  }
}
