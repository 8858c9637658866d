import { referenceHeight } from "../../functions/domain/referenceHeight";
import type { PoolLimits, PoolNetwork } from "../../functions/domain/render/poolFile";
import { type HeadNumbers, headNumbers } from "./headNumbers";
import { Pace } from "./pace";
import { SetBack } from "./setBack";
import { sharedState } from "./sharedState";
import { raiseEpoch } from "./state";
import type { Network, Node } from "./types";

export const headMethod = "eth_blockNumber";

/** How often a context writes down that some node is at the head. */
const levelWrittenEveryMs = 1000;
/** Contexts are told at most this often that nodes have caught up; of a new head they are told at once. */
const toldEveryMs = 100;
const mostLockTries = 500;

/**
 * The highest head of a network that was handed out, for all workers: it never falls for a client, whichever node answers. A node
 * alone far ahead of all others does not move it; a chain that was really set back is followed after a while.
 *
 * Where heads are polled, a new head is handed out once half of the nodes have it, or a moment after the first: a read at the
 * head goes to those that have it, and the first alone could not bear the calls of all.
 */
export class Heads {
  /** What each node says is asked often enough to choose nodes by it. */
  readonly isPolled: boolean;
  private readonly pollMs: number;
  private readonly maxLag: number;
  private readonly finalityDepth: number;
  private readonly keys: HeadNumbers;
  /** How fast the chain grows, and what can be believed by that. */
  readonly pace: Pace;
  private readonly setBack: SetBack;
  private levelWrittenAt = 0;

  constructor(
    described: PoolNetwork,
    /** Those whose answers count, the leader too. */
    private readonly nodes: Node[],
    limits: PoolLimits,
    private readonly epochKey: string,
  ) {
    const { headPollMs } = limits;
    this.isPolled = headPollMs > 0;
    this.pollMs = headPollMs;
    this.maxLag = described.maxLagBlocks;
    this.finalityDepth = described.finalityDepthBlocks;
    this.keys = headNumbers(described.name);
    this.pace = new Pace(described, this.keys, headPollMs);
    this.setBack = new SetBack(described, this.keys, nodes, limits);
  }

  /**
   * A node has said how high it is.
   * @param isShown the client sees the height in any case, as part of a block
   * @returns the head to hand out; undefined when the node alone is that far ahead: others have to be asked
   */
  see(node: Node, height: number, now: number, isShown = false): number | undefined {
    try {
      const head = sharedState().get(this.keys.head);
      const isNew = height !== node.height;
      if (isNew) this.remember(node, height, head, now);
      if (head === undefined || height > head) {
        if (!isNew && !isShown && head !== undefined && this.isSettling(height, now)) return head;
        return this.locked(() => this.rise(node, height, now, isShown));
      }
      if (height < head) {
        // The next node at the head has to end the time below it.
        this.levelWrittenAt = 0;
        const fallen = this.setBack.whileBelow(height, head, now);
        return fallen === undefined ? head : this.locked(() => this.fall(fallen, now));
      }
      if (isNew) this.confirm(head, now);
      this.markLevel(now);
      return head;
    } catch {
      // A full dictionary costs certainty, no call.
      return height;
    }
  }

  /** A client sees that the chain is at least so high; the node may be higher. */
  show(node: Node, height: number, now: number): void {
    try {
      if (height > node.height) this.see(node, height, now, true);
      else this.locked(() => this.rise(node, height, now, true));
    } catch {
      // A full dictionary costs certainty, no call.
    }
  }

  /** Notes how high a node is whose word does not move the head: the leader, which takes no calls. */
  note(node: Node, height: number): void {
    if (height === node.height) return;
    if (height < node.height) this.setBack.noteFall(node, height);
    node.height = height;
    sharedState().set(node.heightKey, height);
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
      return sharedState().get(this.keys.head) ?? height;
    } catch {
      return height;
    }
  }

  /** The node has said a height that the head shows to be wrong. */
  isFarAhead(node: Node, now: number): boolean {
    return node.height > this.pace.limit(now);
  }

  /** Ends the wait of a head that not enough nodes have confirmed, and tells who has caught up since contexts were told last. */
  settle(now: number): void {
    const known = sharedState();
    const since = known.get(this.keys.nextAt) ?? 0;
    if (since > 0 && now - since >= this.pace.settleMs()) {
      const next = known.get(this.keys.next) ?? -1;
      if (next <= this.pace.loneLimit(now)) this.locked(() => this.raise(next, 0, now));
    }
    if ((known.get(this.keys.untold) ?? 0) > 0) this.tell(now, true);
  }

  isUnknown(): boolean {
    return sharedState().get(this.keys.head) === undefined;
  }

  /** The nodes have to be asked before their turn. */
  wantsPoll(lastRoundAt: number): boolean {
    return (sharedState().get(this.keys.askAt) ?? 0) > lastRoundAt;
  }

  /** A reorganisation was seen: what is known of blocks above finality may be wrong. */
  noteFork(): void {
    sharedState().incr(this.keys.fork, 1, 0);
    raiseEpoch(this.epochKey);
  }

  /** Brings a context's copies up to date. */
  copyTo(network: Network): void {
    const known = sharedState();
    const head = known.get(this.keys.head) ?? -1;
    network.head = head;
    network.fork = known.get(this.keys.fork) ?? 0;
    network.finalHeight = head < 0 ? -1 : Math.max(-1, head - this.finalityDepth);
    network.headKey = head < 0 ? "" : `${head}.${network.fork}`;
    if (!this.isPolled) return;
    network.slack = this.pace.slack();
    for (const node of this.nodes) node.height = known.get(node.heightKey) ?? -1;
  }

  private isSettling(height: number, now: number): boolean {
    const since = sharedState().get(this.keys.nextAt) ?? 0;
    return (
      since > 0 && height <= (sharedState().get(this.keys.next) ?? -1) && now - since < this.pace.settleMs()
    );
  }

  private remember(node: Node, height: number, head: number | undefined, now: number): void {
    const wasLevel = head !== undefined && node.height >= head;
    this.note(node, height);
    if (this.isPolled && head !== undefined && wasLevel !== height >= head) this.tell(now, false);
  }

  /** Has all contexts look at the nodes' heights again; `tick` makes up for what is not told at once. */
  private tell(now: number, isDue: boolean): void {
    const known = sharedState();
    if (!isDue && now - (known.get(this.keys.toldAt) ?? 0) < toldEveryMs) {
      known.set(this.keys.untold, 1);
      return;
    }
    known.set(this.keys.toldAt, now);
    known.set(this.keys.untold, 0);
    raiseEpoch(this.epochKey);
  }

  private rise(node: Node, height: number, now: number, isShown: boolean): number | undefined {
    const head = sharedState().get(this.keys.head);
    if (head !== undefined && height <= head) return head;
    if (this.nodes.length === 1) return this.raise(height, height, now);
    const others = this.nodes
      .filter((one) => one !== node)
      .map(({ heightKey }) => sharedState().get(heightKey) ?? -1);
    if (head === undefined) {
      const agreeing = others.filter((other) => other >= 0 && Math.abs(other - height) <= this.maxLag);
      if (agreeing.length === 0) return undefined;
      const [highest, second] = [height, ...agreeing].sort((a, b) => b - a) as [number, number];
      return this.raise(this.isPolled ? second : highest, second, now);
    }
    const highest = Math.max(...others);
    const isConfirmed = highest >= height - this.maxLag;
    if (!isConfirmed && height > this.pace.limit(now)) return undefined;
    // After a rest nobody knows how high the others are: the first answer counts.
    if (this.isPolled && this.isFresh(now)) return this.riseSlowly(height, others, head, now, isShown);
    return this.raise(height, isConfirmed ? Math.min(highest, height) : 0, now);
  }

  /** The head goes where half of the nodes are; further only when the client has seen it, or after a moment. */
  private riseSlowly(
    height: number,
    others: number[],
    head: number,
    now: number,
    isShown: boolean,
  ): number | undefined {
    const known = sharedState();
    const most = Math.max(height + this.maxLag, this.pace.limit(now));
    const heights = [height, ...others.filter((other) => other <= most)].sort((a, b) => b - a);
    const usable = this.nodes.filter((node) => node.ejectedUntil === 0).length;
    const needed = usable <= 1 ? 1 : Math.max(2, Math.ceil(usable / 2));
    const agreed = Math.min(height, heights[needed - 1] ?? -1);
    let reached = head;
    if (agreed > reached) reached = this.raise(agreed, Math.min(agreed, heights[1] ?? -1), now);
    if (height <= reached) return reached;
    const isBelievable = height <= this.pace.loneLimit(now);
    if (isShown && !isBelievable) return undefined;
    const waitedMs = now - (known.get(this.keys.nextAt) ?? 0);
    const settleMs = this.pace.settleMs();
    // Of a height that was never believed nothing is left but its number.
    if (waitedMs > settleMs * 4) {
      known.set(this.keys.nextAt, now);
      known.set(this.keys.next, height);
    } else if (height > (known.get(this.keys.next) ?? -1)) {
      known.set(this.keys.next, height);
    }
    if (isBelievable && (isShown || (waitedMs >= settleMs && waitedMs <= settleMs * 4)))
      reached = this.raise(height, 0, now);
    if (now - (known.get(this.keys.askAt) ?? 0) >= this.pollMs) known.set(this.keys.askAt, now);
    // A leap is worth asking a second node for: the head would be stale by more than a moment.
    return height > reached + 1 + this.pace.slack() ? undefined : reached;
  }

  /** Sets the head. `confirmed` is how high a second node has been seen. */
  private raise(height: number, confirmed: number, now: number): number {
    const known = sharedState();
    const head = known.get(this.keys.head);
    this.confirm(confirmed, now);
    if (head === undefined || height > head) {
      known.set(this.keys.head, height);
      if (height >= (known.get(this.keys.next) ?? -1)) known.set(this.keys.nextAt, 0);
      this.tell(now, true);
    }
    this.markLevel(now);
    return Math.max(height, head ?? 0);
  }

  /** A second node is at this height. */
  private confirm(height: number, now: number): void {
    const known = sharedState();
    if (height <= (known.get(this.keys.confirmed) ?? -1)) return;
    known.set(this.keys.confirmed, height);
    known.set(this.keys.confirmedAt, now);
  }

  /** The chain was set back to this height. */
  private fall(height: number, now: number): number {
    const known = sharedState();
    known.set(this.keys.head, height);
    known.set(this.keys.confirmed, height);
    known.set(this.keys.confirmedAt, now);
    known.set(this.keys.level, now);
    known.set(this.keys.nextAt, 0);
    known.set(this.keys.next, -1);
    for (const key of [this.keys.safe, this.keys.finalized]) known.delete(key);
    this.noteFork();
    return height;
  }

  /** Some node was at the head lately. */
  private isFresh(now: number): boolean {
    return now - (sharedState().get(this.keys.level) ?? 0) <= levelWrittenEveryMs + 1.5 * this.pollMs;
  }

  /** Some node is at the head. */
  private markLevel(now: number): void {
    if (now - this.levelWrittenAt < levelWrittenEveryMs) return;
    this.levelWrittenAt = now;
    sharedState().set(this.keys.level, now);
  }

  /** Workers are processes: two could otherwise overwrite a head with a lower one. Happens about once a block. */
  private locked<T>(change: () => T): T {
    const { lock } = this.keys;
    // One that died with the lock must not stop the others for good.
    for (let tries = 0; tries < mostLockTries; tries++) {
      if (sharedState().incr(lock, 1, 0) === 1) break;
    }
    try {
      return change();
    } finally {
      sharedState().set(lock, 0);
    }
  }
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
