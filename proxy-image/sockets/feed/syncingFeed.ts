import { setTimeout as sleep } from "node:timers/promises";
import type { Road } from "../road/road";

const askMs = 6_000;
const askEveryMs = 15_000;

/**
 * Whether the network's nodes are syncing, told when it changes, in geth's shape. Nodes that sync are not in the pool, so as long as one
 * healthy node is there nothing is ever told.
 */
export class SyncingFeed {
  readonly #stop = new AbortController();
  #last = "false";

  constructor(
    readonly network: string,
    readonly road: Pick<Road, "ask">,
    readonly onChange: (result: string) => void,
  ) {
    void this.#poll();
  }

  close(): void {
    this.#stop.abort();
  }

  async #poll(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const status = await this.road.ask(this.network, "eth_syncing", [], askMs);
        const syncing = typeof status === "object" && status !== null;
        const result = syncing ? JSON.stringify({ syncing: true, status }) : "false";
        const changed = syncing !== (this.#last !== "false");
        this.#last = result;
        if (changed && !this.#stop.signal.aborted) this.onChange(result);
      } catch {
        // Nobody answers: that is not news about syncing.
      }
      await sleep(askEveryMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }
}
