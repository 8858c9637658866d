import { setTimeout as sleep } from "node:timers/promises";
import type { Road } from "../road/road";
import type { UpstreamLink } from "./upstreamLink";
import type { UpstreamWish } from "./upstreamSocket";

export interface PendingFeedOptions {
  network: string;
  /** Whole transactions, or their hashes. */
  full: boolean;
  road: Pick<Road, "ask">;
  link: Pick<UpstreamLink, "source" | "want" | "unwant">;
  onTransactions(results: string[]): void;
}

const askMs = 6_000;
const askEveryMs = 1_000;
/** Hashes remembered to drop repeats, when a source changes and names what another named. */
const mostRemembered = 20_000;

/**
 * Transactions that wait for a block, from a node's socket or else by asking for the pending block once a second. Every node has a
 * waiting room of its own: none is repeated within memory, but what only a node that is gone had seen can't be known.
 */
export class PendingFeed {
  readonly wish: UpstreamWish;
  readonly #options: PendingFeedOptions;
  readonly #seen = new Set<string>();
  readonly #stop = new AbortController();
  #refused = false;

  constructor(options: PendingFeedOptions) {
    this.#options = options;
    this.wish = options.full ? "newPendingTransactions full" : "newPendingTransactions";
    options.link.want(this.wish);
    void this.#poll();
  }

  onUpstream(result: unknown): void {
    this.#take([result]);
  }

  /** The node does not offer it: ask, until there is another node. */
  onRefused(): void {
    this.#refused = true;
  }

  onSource(): void {
    this.#refused = false;
  }

  close(): void {
    this.#stop.abort();
    this.#options.link.unwant(this.wish);
  }

  async #poll(): Promise<void> {
    const { network, road, full, link } = this.#options;
    while (!this.#stop.signal.aborted) {
      if (link.source === undefined || this.#refused) {
        try {
          const block = await road.ask(network, "eth_getBlockByNumber", ["pending", full], askMs);
          if (this.#stop.signal.aborted) return;
          const transactions = (block as { transactions?: unknown } | null)?.transactions;
          if (Array.isArray(transactions)) this.#take(transactions);
        } catch {
          // Nobody answers: the next turn asks again.
        }
      }
      await sleep(askEveryMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  #take(transactions: unknown[]): void {
    const fresh: string[] = [];
    for (const transaction of transactions) {
      const hash = hashOf(transaction);
      if (hash === undefined || this.#seen.has(hash)) continue;
      this.#seen.add(hash);
      fresh.push(JSON.stringify(transaction));
    }
    for (const oldest of this.#seen) {
      if (this.#seen.size <= mostRemembered) break;
      this.#seen.delete(oldest);
    }
    if (fresh.length > 0) this.#options.onTransactions(fresh);
  }
}

function hashOf(transaction: unknown): string | undefined {
  if (typeof transaction === "string") return transaction;
  const hash = (transaction as { hash?: unknown } | null)?.hash;
  return typeof hash === "string" ? hash : undefined;
}
