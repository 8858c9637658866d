import type { Metrics } from "../metrics";
import type { PoolNode } from "../pool";
import { type DownReason, UpstreamSocket, type UpstreamWish } from "./upstreamSocket";

export interface LinkListener {
  onNotification(wish: UpstreamWish, result: unknown, nodeId: string): void;
  onRefused(wish: UpstreamWish): void;
  /** Another node, or none (then whoever needs news has to poll). */
  onSource(nodeId: string | undefined): void;
}

/** A node that failed rests this long, doubled for each further failure. */
const restMs = 1_000;
const longestRestMs = 30_000;

interface Rest {
  untilMs: number;
  failures: number;
}

/**
 * At most one socket to one node of a network, for everything that is wanted from nodes' sockets; moves to another node when its node
 * dies, falls silent or behind, or leaves the pool. Without a node that offers sockets it stays down.
 */
export class UpstreamLink {
  readonly #wishes = new Set<UpstreamWish>();
  readonly #rests = new Map<string, Rest>();
  #socket: UpstreamSocket | undefined;
  #node: PoolNode | undefined;
  #up = false;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    readonly network: string,
    readonly nodes: () => PoolNode[],
    readonly listener: LinkListener,
    readonly metrics: Metrics,
  ) {}

  /** The node that news comes from now. */
  get source(): string | undefined {
    return this.#up ? this.#node?.id : undefined;
  }

  want(wish: UpstreamWish): void {
    this.#wishes.add(wish);
    if (this.#socket) this.#socket.want(wish);
    else this.#connect();
  }

  unwant(wish: UpstreamWish): void {
    this.#wishes.delete(wish);
    this.#socket?.unwant(wish);
    if (this.#wishes.size === 0) this.#disconnect();
  }

  /** The pool has changed: a node that left it is no source any more, a new one may be. */
  poolChanged(): void {
    const node = this.#node;
    if (!node) {
      this.#connect();
      return;
    }
    const now = this.nodes().find(({ id }) => id === node.id);
    const same = now?.wsUrl === node.wsUrl && JSON.stringify(now?.headers) === JSON.stringify(node.headers);
    if (!same) this.leave("left the pool");
  }

  /** Moves on to another node. */
  leave(reason: DownReason): void {
    const node = this.#node;
    if (!node) return;
    const failures = (this.#rests.get(node.id)?.failures ?? 0) + 1;
    const forMs = Math.min(longestRestMs, restMs * 2 ** (failures - 1));
    this.#rests.set(node.id, { untilMs: Date.now() + forMs, failures });
    this.metrics.add("gateway_source_switches_total", { network: this.network, reason });
    this.#disconnect();
    this.#connect();
  }

  /** The node has proven itself: its next failure is its first. */
  praise(nodeId: string): void {
    this.#rests.delete(nodeId);
  }

  close(): void {
    this.#closed = true;
    this.#disconnect();
  }

  #connect(): void {
    if (this.#closed || this.#socket || this.#wishes.size === 0) return;
    clearTimeout(this.#retry);
    const offering = this.nodes().filter(({ wsUrl }) => wsUrl !== undefined);
    const now = Date.now();
    const rested = offering.filter(({ id }) => (this.#rests.get(id)?.untilMs ?? 0) <= now);
    const node = rested[Math.floor(Math.random() * rested.length)];
    if (!node) {
      if (offering.length > 0) this.#retry = setTimeout(() => this.#connect(), 250);
      return;
    }
    this.#node = node;
    this.metrics.add("gateway_upstream_sockets", { network: this.network });
    this.#socket = new UpstreamSocket(node, this.#wishes, {
      onUp: () => {
        this.#up = true;
        this.listener.onSource(node.id);
      },
      onNotification: (wish, result) => this.listener.onNotification(wish, result, node.id),
      onRefused: (wish) => {
        if (wish === "newHeads") this.leave("bad answers");
        else this.listener.onRefused(wish);
      },
      onDown: (reason) => this.leave(reason),
    });
  }

  #disconnect(): void {
    clearTimeout(this.#retry);
    if (this.#socket) {
      this.#socket.close();
      this.metrics.add("gateway_upstream_sockets", { network: this.network }, -1);
    }
    const wasUp = this.#up;
    this.#socket = undefined;
    this.#node = undefined;
    this.#up = false;
    if (wasUp && !this.#closed) this.listener.onSource(undefined);
  }
}
