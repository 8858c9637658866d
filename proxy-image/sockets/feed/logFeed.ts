import { setTimeout as sleep } from "node:timers/promises";
import type { ChainEvent } from "../core/chain";
import type { Header } from "../core/header";
import { type Log, type LogFilter, matches, readLogs, union } from "../core/logFilter";
import { LogProof, type LogQuery } from "../core/logProof";
import { LogStream } from "../core/logStream";
import type { Metrics } from "../metrics";
import type { Road } from "../road/road";

export interface LogFeedOptions {
  network: string;
  road: Pick<Road, "ask">;
  metrics: Metrics;
  historyBlocks: number;
  /** Filters of those subscribed before this event. */
  filters(sequence: number): LogFilter[];
  onLogs(logs: Log[], removed: boolean, sequence: number): void;
  /** The logs of a block can't be had: subscribers must start over rather than miss some silently. */
  onLost(): void;
  /** How long the logs of a block are asked for. */
  patienceMs?: number;
}

const askMs = 12_000;
const longestPauseMs = 1_000;
const defaultPatienceMs = 60_000;
/** Patience with an empty answer against a bloom, on a chain whose blooms were never seen to be right. */
const unprovenPatienceMs = 5_000;

/**
 * The logs of one network, block by block after its heads: one question a block for all subscriptions together, with the block's hash,
 * so that a fork can't mix in. Nodes' own `logs` subscriptions are not used: what one of them did not deliver when it died or moved to
 * another fork could not be told from what did not happen.
 */
export class LogFeed {
  readonly #options: LogFeedOptions;
  readonly #stream: LogStream;
  readonly #proof = new LogProof();
  #running = false;
  #closed = false;

  constructor(options: LogFeedOptions) {
    this.#options = options;
    this.#stream = new LogStream(options.historyBlocks);
  }

  push(events: ChainEvent[], sequenceOfFirst: number): void {
    for (const [index, event] of events.entries()) this.#stream.push(event, sequenceOfFirst + index);
    void this.#run();
  }

  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let step = this.#stream.next(); step.kind !== "idle" && !this.#closed; step = this.#stream.next()) {
      if (step.kind === "deliver") {
        this.#options.onLogs(step.logs, step.removed, step.sequence);
        continue;
      }
      const filters = this.#options.filters(step.sequence);
      const logs = filters.length > 0 ? await this.#logsOf(step.header, union(filters)) : [];
      if (this.#closed) break;
      if (logs === undefined) continue;
      const wanted = logs.filter((log) => filters.some((filter) => matches(filter, log)));
      const delivery = this.#stream.supply(step.header.hash, wanted);
      if (delivery.kind === "deliver") {
        this.#options.onLogs(delivery.logs, delivery.removed, delivery.sequence);
      }
    }
    this.#running = false;
  }

  /** All logs of the block that match; undefined when the block has left the chain meanwhile. */
  async #logsOf(header: Header, filter: LogFilter): Promise<Log[] | undefined> {
    let query = this.#proof.firstQuery(header, filter);
    if (query.kind === "none") return [];
    const startedAtMs = Date.now();
    for (let pauseMs = 50; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      const logs = await this.#ask(header, filter, query);
      if (logs && this.#proof.accepts(header, filter, query, logs)) return logs;
      if (this.#closed || !this.#stream.awaits(header.hash)) return undefined;
      const passedMs = Date.now() - startedAtMs;
      if (logs && query.kind === "whole" && !this.#proof.proven && passedMs >= unprovenPatienceMs) {
        this.#proof.contradicted();
        return logs;
      }
      if (passedMs >= (this.#options.patienceMs ?? defaultPatienceMs)) break;
      this.#options.metrics.add("gateway_log_retries_total", { network: this.#options.network });
      if (logs && query.kind === "filtered") query = { kind: "whole" };
      else await sleep(pauseMs);
    }
    this.#options.onLost();
    return [];
  }

  async #ask(header: Header, { addresses, topics }: LogFilter, query: LogQuery): Promise<Log[] | undefined> {
    const filter =
      query.kind === "whole"
        ? { blockHash: header.hash }
        : {
            blockHash: header.hash,
            ...(addresses.length > 0 ? { address: addresses } : {}),
            ...(topics.length > 0 ? { topics } : {}),
          };
    try {
      const { network, road } = this.#options;
      return readLogs(await road.ask(network, "eth_getLogs", [filter], askMs), header.hash);
    } catch {
      return undefined;
    }
  }
}
