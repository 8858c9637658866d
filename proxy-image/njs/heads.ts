import { referenceHeight } from "../../functions/domain/referenceHeight";
import type { PoolNetwork } from "../../functions/domain/render/poolFile";
import type { Network, Node } from "./types";

export const headMethod = "eth_blockNumber";

/** As in the health check: a chain is believed to grow up to this many times faster than expected. */
const fastestGrowth = 10;
/** How often a context writes down that some node is at the head. */
const levelWrittenEveryMs = 1000;
/** All nodes are below the head only if hardly a moment passes without one of them saying so. */
const longestSilenceMs = 15_000;
const mostLockTries = 500;

/**
 * The highest head of a network that was handed out, for all workers: it never falls for a client, whichever node answers. A node
 * alone far ahead of all others does not move it; a chain that was really set back is followed after a while.
 */
export class Heads {
  private readonly maxLag: number;
  private readonly growthPerMs: number;
  private readonly nearWaitMs: number;
  private readonly farWaitMs: number;
  private readonly key: (what: string) => string;
  private readonly headKey: string;
  private levelWrittenAt = 0;

  constructor(
    { name, maxLagBlocks, blockTimeSeconds }: PoolNetwork,
    /** Those whose answers count, the leader too. */
    private readonly nodes: Node[],
    callTimeoutMs: number,
  ) {
    this.maxLag = maxLagBlocks;
    this.growthPerMs = fastestGrowth / (blockTimeSeconds * 1000);
    // Long after every answer from before the fall, and for a small one: after the nodes that are left have caught up.
    this.farWaitMs = callTimeoutMs * 2.5;
    this.nearWaitMs = Math.max(this.farWaitMs, (maxLagBlocks + 2) * blockTimeSeconds * 1000);
    this.key = (what) => `${what}|${name}`;
    this.headKey = this.key("head");
  }

  /**
   * A node has said how high it is.
   * @returns the head to hand out; undefined when the node alone is that far ahead: others have to be asked
   */
  see(node: Node, height: number, now: number): number | undefined {
    try {
      const head = dictionary().get(this.headKey);
      if (height !== node.height) {
        node.height = height;
        dictionary().set(node.heightKey, height);
      }
      if (head === undefined || height > head) return this.locked(() => this.rise(node, height, now));
      if (height < head) return this.whileBelow(height, head, now);
      this.markLevel(now);
      return head;
    } catch {
      // A full dictionary costs certainty, no call.
      return height;
    }
  }

  /** Nobody else could be asked: the head to hand out after these nodes have said what nobody confirms. */
  believe(said: Node[], now: number): number {
    const height = referenceHeight(
      said.map((node) => ({
        nodeId: node.id,
        height: node.height,
        isLeader: false,
        disbelievedRuns: 0,
      })),
    )!;
    try {
      this.locked(() => this.raise(height, height, now));
      return dictionary().get(this.headKey) ?? height;
    } catch {
      return height;
    }
  }

  /** The node has said a height that the head shows to be wrong. */
  isFarAhead(node: Node, now: number): boolean {
    return node.height > this.limit(now);
  }

  private rise(node: Node, height: number, now: number): number | undefined {
    const head = dictionary().get(this.headKey);
    if (head !== undefined && height <= head) return head;
    if (this.nodes.length === 1) return this.raise(height, height, now);
    const others = this.nodes
      .filter((one) => one !== node)
      .map(({ heightKey }) => dictionary().get(heightKey) ?? -1);
    if (head === undefined) {
      const agreeing = others.filter((other) => other >= 0 && Math.abs(other - height) <= this.maxLag);
      return agreeing.length === 0 ? undefined : this.raise(Math.max(height, ...agreeing), height, now);
    }
    const highest = Math.max(...others);
    if (highest >= height - this.maxLag) return this.raise(height, Math.min(highest, height), now);
    return height <= this.limit(now) ? this.raise(height, 0, now) : undefined;
  }

  /** Sets the head. `confirmed` is how high a second node has been seen. */
  private raise(height: number, confirmed: number, now: number): number {
    const head = dictionary().get(this.headKey);
    if (head === undefined || height > head) dictionary().set(this.headKey, height);
    if (confirmed > (dictionary().get(this.key("confirmed")) ?? -1)) {
      dictionary().set(this.key("confirmed"), confirmed);
      dictionary().set(this.key("confirmedAt"), now);
    }
    this.markLevel(now);
    return Math.max(height, head ?? 0);
  }

  /** The highest height that needs nobody's confirmation. */
  private limit(now: number): number {
    const confirmed = dictionary().get(this.key("confirmed")) ?? 0;
    const elapsedMs = Math.max(0, now - (dictionary().get(this.key("confirmedAt")) ?? now));
    return confirmed + elapsedMs * this.growthPerMs + this.maxLag;
  }

  /** Some node is at the head. */
  private markLevel(now: number): void {
    if (now - this.levelWrittenAt < levelWrittenEveryMs) return;
    this.levelWrittenAt = now;
    dictionary().set(this.key("level"), now);
  }

  /** A node below the head is common, all nodes below it for long means that the chain was set back. */
  private whileBelow(height: number, head: number, now: number): number {
    const known = dictionary();
    // The next node at the head has to end the time below it.
    this.levelWrittenAt = 0;
    const since = known.get(this.key("belowSince")) ?? 0;
    const last = known.get(this.key("belowLast")) ?? 0;
    known.set(this.key("belowLast"), now);
    if (since <= (known.get(this.key("level")) ?? 0) || now - last > longestSilenceMs) {
      known.set(this.key("belowSince"), now);
      known.set(this.key("belowMost"), height);
      return head;
    }
    const most = Math.max(height, known.get(this.key("belowMost")) ?? 0);
    if (most === height) known.set(this.key("belowMost"), height);
    const waitMs = head - most > this.maxLag ? this.farWaitMs : this.nearWaitMs;
    if (now - since < waitMs) return head;
    return this.locked(() => {
      known.set(this.headKey, most);
      known.set(this.key("confirmed"), most);
      known.set(this.key("confirmedAt"), now);
      known.set(this.key("belowSince"), 0);
      known.set(this.key("level"), now);
      return most;
    });
  }

  /** Workers are processes: two could otherwise overwrite a head with a lower one. Happens about once a block. */
  private locked<T>(change: () => T): T {
    const lock = this.key("lock");
    // One that died with the lock must not stop the others for good.
    for (let tries = 0; tries < mostLockTries; tries++) {
      if (dictionary().incr(lock, 1, 0) === 1) break;
    }
    try {
      return change();
    } finally {
      dictionary().set(lock, 0);
    }
  }
}

let shared: NgxSharedDict<number> | undefined;
function dictionary(): NgxSharedDict<number> {
  shared ??= ngx.shared.state as NgxSharedDict<number>;
  return shared;
}

/** The height in the text of a result; undefined when it is none. Thirteen digits are all that a number holds exactly. */
export function heightIn(result: string): number | undefined {
  return /^"0x[0-9a-f]{1,13}"$/i.test(result) ? Number(result.slice(1, -1)) : undefined;
}

/**
 * The result to hand out when a node has answered `eth_blockNumber` with `result`.
 * @returns undefined when others have to be asked
 */
export function headResult(network: Network, node: Node, result: string, now: number): string | undefined {
  const height = heightIn(result);
  if (height === undefined) return undefined;
  const head = network.heads.see(node, height, now);
  if (head === undefined || head === height) return head === undefined ? undefined : result;
  return `"0x${head.toString(16)}"`;
}
