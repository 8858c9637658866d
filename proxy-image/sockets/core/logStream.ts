import type { ChainEvent } from "./chain";
import type { Header } from "./header";
import type { Log } from "./logFilter";

export type LogStep =
  | { kind: "idle" }
  /** The logs of this block come next: give them to `supply`. Repeated until then. */
  | { kind: "fetch"; header: Header; sequence: number }
  /** For those who were there before `sequence`: for removed logs, that of the block's addition, so nobody gets what he never had. */
  | { kind: "deliver"; logs: Log[]; removed: boolean; sequence: number };

interface Item {
  kind: "added" | "removed";
  header: Header;
  sequence: number;
}

/**
 * Turns the events of the chain into logs, in their order: those of each block once, and again as removed when the block leaves the
 * chain. A block that leaves before its logs were delivered is never mentioned. Pure.
 */
export class LogStream {
  readonly #queue: Item[] = [];
  /** What was delivered, to be taken back; bounded by the number of blocks that can be. */
  readonly #delivered = new Map<string, { sequence: number; logs: Log[] }>();

  constructor(readonly historyBlocks: number) {}

  get waiting(): number {
    return this.#queue.length;
  }

  push(event: ChainEvent, sequence: number): void {
    if (event.kind === "broken") {
      this.#queue.length = 0;
      this.#delivered.clear();
      return;
    }
    const { kind, header } = event;
    const last = this.#queue.at(-1);
    // Removals come newest first: one that was not delivered yet is the last in the queue.
    if (kind === "removed" && last?.kind === "added" && last.header.hash === header.hash) this.#queue.pop();
    else this.#queue.push({ kind, header, sequence });
  }

  /** Is this block's turn still now? Not when it has left the chain meanwhile. */
  awaits(hash: string): boolean {
    const item = this.#queue[0];
    return item?.kind === "added" && item.header.hash === hash;
  }

  next(): LogStep {
    const item = this.#queue[0];
    if (!item) return { kind: "idle" };
    if (item.kind === "added") return { kind: "fetch", header: item.header, sequence: item.sequence };
    this.#queue.shift();
    const before = this.#delivered.get(item.header.hash);
    this.#delivered.delete(item.header.hash);
    const logs = [...(before?.logs ?? [])].reverse();
    return { kind: "deliver", logs, removed: true, sequence: before?.sequence ?? 0 };
  }

  /** The wanted logs of a block; without effect when the block has left the chain meanwhile. */
  supply(hash: string, logs: Log[]): LogStep {
    const item = this.#queue[0];
    if (!item || !this.awaits(hash)) return { kind: "idle" };
    this.#queue.shift();
    this.#delivered.set(hash, { sequence: item.sequence, logs });
    for (const oldest of this.#delivered.keys()) {
      if (this.#delivered.size <= this.historyBlocks + 1) break;
      this.#delivered.delete(oldest);
    }
    return { kind: "deliver", logs, removed: false, sequence: item.sequence };
  }
}
