import type { ChainEvent } from "../core/chain";
import { addressed, notificationFrames } from "../core/frames";
import { type Log, matches } from "../core/logFilter";
import { subscriptionTypes, type Wish } from "../core/subscriptionParams";
import type { Metrics } from "../metrics";
import type { PoolNetwork, PoolNode } from "../pool";
import type { Road } from "../road/road";
import { HeadFeed } from "./headFeed";
import { LogFeed } from "./logFeed";
import { PendingFeed } from "./pendingFeed";
import { SyncingFeed } from "./syncingFeed";
import { UpstreamLink } from "./upstreamLink";
import type { UpstreamWish } from "./upstreamSocket";

/** One subscription of one socket. */
export interface Subscriber {
  readonly id: string;
  /** Takes frames that are ready to be written. */
  deliver(frames: Buffer): void;
  /** News was lost that can't be had any more: the client has to start over. */
  startOver(): void;
}

/** Everybody with the same wish. */
interface Group {
  wish: Wish;
  /** Each with the number of the last event before it joined. */
  members: Map<Subscriber, number>;
}

export interface NetworkFeedOptions {
  network: PoolNetwork;
  nodes: () => PoolNode[];
  road: Pick<Road, "ask">;
  metrics: Metrics;
}

const defaultHistoryBlocks = 64;
const mostHistoryBlocks = 1024;

/** The news of one network: one source each, however many subscribe; nothing runs that nobody wants. */
export class NetworkFeed {
  readonly #options: NetworkFeedOptions;
  readonly #groups = new Map<string, Group>();
  readonly #link: UpstreamLink;
  #heads: HeadFeed | undefined;
  #logs: LogFeed | undefined;
  readonly #pending = new Map<UpstreamWish, PendingFeed>();
  #syncing: SyncingFeed | undefined;
  /** Subscribers, and those about to be. */
  #users = 0;
  readonly #usersOf = new Map<Wish["type"] | "full", number>();

  constructor(options: NetworkFeedOptions) {
    this.#options = options;
    this.#link = new UpstreamLink(
      options.network.name,
      options.nodes,
      {
        onNotification: (wish, result, nodeId) => {
          if (wish === "newHeads") this.#heads?.onUpstreamHead(result, nodeId);
          else this.#pending.get(wish)?.onUpstream(result);
        },
        onRefused: (wish) => this.#pending.get(wish)?.onRefused(),
        onSource: () => {
          this.#heads?.onSource();
          for (const feed of this.#pending.values()) feed.onSource();
        },
      },
      options.metrics,
    );
  }

  get unused(): boolean {
    return this.#users === 0;
  }

  poolChanged(): void {
    this.#link.poolChanged();
  }

  /** The network is no longer served. */
  end(): void {
    this.#startOver(subscriptionTypes);
  }

  /** Starts what the wish needs; false when no node of the network answers in time. Each call needs a `release`. */
  async acquire(wish: Wish, timeoutMs: number): Promise<boolean> {
    this.#users++;
    const kind = kindOf(wish);
    this.#usersOf.set(kind, (this.#usersOf.get(kind) ?? 0) + 1);
    this.#start(wish);
    if (wish.type === "newHeads" || wish.type === "logs")
      return (await this.#heads?.ready(timeoutMs)) ?? false;
    return true;
  }

  /** From now on the subscriber gets whatever happens. */
  join(wish: Wish, subscriber: Subscriber): void {
    let group = this.#groups.get(wish.key);
    if (!group) {
      group = { wish, members: new Map() };
      this.#groups.set(wish.key, group);
    }
    group.members.set(subscriber, this.#heads?.sequence ?? 0);
    this.#count(wish, 1);
  }

  leave(wish: Wish, subscriber: Subscriber): void {
    const group = this.#groups.get(wish.key);
    if (!group?.members.delete(subscriber)) return;
    if (group.members.size === 0) this.#groups.delete(wish.key);
    this.#count(wish, -1);
  }

  release(wish: Wish): void {
    this.#users--;
    const kind = kindOf(wish);
    this.#usersOf.set(kind, (this.#usersOf.get(kind) ?? 0) - 1);
    this.#stopUnused();
  }

  #count({ type }: Wish, amount: number): void {
    this.#options.metrics.add("gateway_subscriptions", { network: this.#options.network.name, type }, amount);
  }

  #start(wish: Wish): void {
    const { network, road, metrics } = this.#options;
    const base = { network: network.name, road, metrics };
    switch (wish.type) {
      case "newHeads":
      case "logs":
        this.#startHeads();
        return;
      case "newPendingTransactions": {
        const upstreamWish = wish.full ? "newPendingTransactions full" : "newPendingTransactions";
        if (this.#pending.has(upstreamWish)) return;
        const onTransactions = (results: string[]) => this.#tell(wish.key, results);
        this.#pending.set(
          upstreamWish,
          new PendingFeed({ ...base, full: wish.full, link: this.#link, onTransactions }),
        );
        return;
      }
      case "syncing":
        this.#syncing ??= new SyncingFeed(network.name, road, (result) => this.#tell(wish.key, [result]));
        return;
      default:
        wish satisfies never;
    }
  }

  #startHeads(): void {
    if (this.#heads) return;
    const { network, road, metrics } = this.#options;
    const base = { network: network.name, road, metrics };
    const historyBlocks = Math.min(network.finalityDepthBlocks ?? defaultHistoryBlocks, mostHistoryBlocks);
    this.#logs = new LogFeed({
      ...base,
      historyBlocks,
      filters: (sequence) => this.#filters(sequence),
      onLogs: (logs, removed, sequence) => this.#tellLogs(logs, removed, sequence),
      onLost: () => {
        metrics.add("gateway_continuity_lost_total", { network: network.name });
        this.#startOver(["logs"]);
      },
    });
    this.#heads = new HeadFeed({
      ...base,
      link: this.#link,
      limits: { historyBlocks },
      blockTimeSeconds: network.blockTimeSeconds ?? 12,
      onEvents: (events, sequence) => this.#onEvents(events, sequence),
    });
    this.#link.want("newHeads");
  }

  #stopUnused(): void {
    const used = (kind: Wish["type"] | "full") => (this.#usersOf.get(kind) ?? 0) > 0;
    if (!used("newHeads") && !used("logs")) {
      this.#heads?.close();
      this.#logs?.close();
      this.#heads = undefined;
      this.#logs = undefined;
      this.#link.unwant("newHeads");
    }
    for (const [wish, feed] of this.#pending) {
      if (used(wish === "newPendingTransactions" ? "newPendingTransactions" : "full")) continue;
      feed.close();
      this.#pending.delete(wish);
    }
    if (!used("syncing")) {
      this.#syncing?.close();
      this.#syncing = undefined;
    }
    if (this.unused) this.#link.close();
  }

  #onEvents(events: ChainEvent[], sequence: number): void {
    const added = events.flatMap(({ kind, header }) => (kind === "added" ? [header.json] : []));
    if (events.some(({ kind }) => kind === "broken")) this.#startOver(["newHeads", "logs"]);
    else this.#tell("newHeads", added);
    this.#logs?.push(events, sequence);
  }

  #tell(key: string, results: string[]): void {
    const group = this.#groups.get(key);
    if (!group || results.length === 0) return;
    this.#deliver(group, results, [...group.members.keys()]);
  }

  #filters(sequence: number) {
    return [...this.#groups.values()].flatMap(({ wish, members }) =>
      wish.type === "logs" && [...members.values()].some((joined) => joined < sequence) ? [wish.filter] : [],
    );
  }

  #tellLogs(logs: Log[], removed: boolean, sequence: number): void {
    if (logs.length === 0) return;
    const written = new Map<Log, string>();
    for (const group of this.#groups.values()) {
      const { wish } = group;
      if (wish.type !== "logs") continue;
      const members = [...group.members].flatMap(([member, joined]) => (joined < sequence ? [member] : []));
      const wanted = logs.filter((log) => matches(wish.filter, log));
      if (members.length === 0 || wanted.length === 0) continue;
      const results = wanted.map((log) => {
        const text = written.get(log) ?? JSON.stringify({ ...log, removed });
        written.set(log, text);
        return text;
      });
      this.#deliver(group, results, members);
    }
  }

  #deliver({ wish }: Group, results: string[], members: Subscriber[]): void {
    const frames = notificationFrames(results);
    for (const member of members) member.deliver(addressed(frames, member.id));
    const labels = { network: this.#options.network.name, type: wish.type };
    this.#options.metrics.add("gateway_notifications_total", labels, members.length * results.length);
  }

  #startOver(types: readonly Wish["type"][]): void {
    for (const { wish, members } of [...this.#groups.values()]) {
      if (types.includes(wish.type)) for (const member of [...members.keys()]) member.startOver();
    }
  }
}

function kindOf(wish: Wish): Wish["type"] | "full" {
  return wish.type === "newPendingTransactions" && wish.full ? "full" : wish.type;
}
