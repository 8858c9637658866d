import { setTimeout as sleep } from "node:timers/promises";
import { Chain, type ChainEvent, type ChainLimits, type Source } from "../core/chain";
import { type Header, readHeader } from "../core/header";
import type { Metrics } from "../metrics";
import type { Road } from "../road/road";
import type { UpstreamLink } from "./upstreamLink";

export interface HeadFeedOptions {
  network: string;
  road: Pick<Road, "ask">;
  link: Pick<UpstreamLink, "source" | "leave" | "praise">;
  metrics: Metrics;
  limits: Partial<ChainLimits>;
  /** Expected until it has been observed. */
  blockTimeSeconds: number;
  onEvents(events: ChainEvent[], sequenceOfFirst: number): void;
}

const askMs = 6_000;
/** Tries to get one missing block before the source's claim is dropped. */
const fetchTries = 5;
/** From this many missing blocks on they are fetched by number, many at once, and then linked. */
const manyMissing = 3;
const atOnce = 32;
/** A node's socket that is behind the road this long has fallen behind. */
const lagToleratedMs = 3_000;
const road: Source = { id: "road", single: false };

/**
 * The heads of one network. They come from a node's socket where there is one, and from asking over the road always: often when there is
 * no socket, seldom when there is, as a watch over it. Whatever comes goes through `Chain`, which makes one gapless chain of it.
 */
export class HeadFeed {
  readonly #options: HeadFeedOptions;
  readonly #chain: Chain;
  readonly #stop = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #sequence = 0;
  #advancing = false;
  #again = false;
  #blockTimeMs: number;
  /** What the node's socket told of, or need not have told of; undefined before anything is known. */
  #upstreamHeight: number | undefined;
  #behindSinceMs: number | undefined;
  #wake: (() => void) | undefined;

  constructor(options: HeadFeedOptions) {
    this.#options = options;
    this.#chain = new Chain(options.limits);
    this.#blockTimeMs = options.blockTimeSeconds * 1000;
    void this.#poll();
  }

  /** Number of the last event: who joins now gets all later ones. */
  get sequence(): number {
    return this.#sequence;
  }

  get head(): Header | undefined {
    return this.#chain.head;
  }

  /** Resolves once there is a head to go on from; false when there was none in time. */
  async ready(timeoutMs: number): Promise<boolean> {
    if (this.#chain.head) return true;
    const arrived = new Promise<void>((resolve) => this.#waiting.push(resolve));
    const ended = new AbortController();
    await Promise.race([
      arrived,
      sleep(timeoutMs, undefined, { signal: AbortSignal.any([this.#stop.signal, ended.signal]) }).catch(
        () => {},
      ),
    ]);
    ended.abort();
    return this.#chain.head !== undefined;
  }

  /** A notification of a node's socket. */
  onUpstreamHead(value: unknown, nodeId: string): void {
    const header = readHeader(value);
    if (!header) {
      this.#options.link.leave("bad answers");
      return;
    }
    this.#upstreamHeight = Math.max(this.#upstreamHeight ?? 0, header.number);
    if (!this.#chain.head) {
      // The road says where to begin: it asks nodes whose chain was checked.
      this.#wake?.();
      return;
    }
    this.#options.link.praise(nodeId);
    this.#observe(header, { id: nodeId, single: true });
  }

  onSource(): void {
    this.#upstreamHeight = this.#chain.head?.number;
    this.#behindSinceMs = undefined;
    // Look at once: what the old source did not deliver any more must not wait for the next turn.
    this.#wake?.();
  }

  close(): void {
    this.#stop.abort();
    this.#wake?.();
  }

  async #poll(): Promise<void> {
    const { network } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        const block = await this.#options.road.ask(network, "eth_getBlockByNumber", ["latest", false], askMs);
        const header = readHeader(block);
        if (header && !this.#stop.signal.aborted) {
          this.#watch(header.number);
          this.#observe(header, road);
        }
      } catch {
        // Nobody answers: the next turn asks again, and metrics of the road tell.
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const watching = this.#options.link.source !== undefined;
    const ms = watching
      ? clamp(this.#blockTimeMs / 2, 1_000, 4_000)
      : clamp(this.#blockTimeMs / 4, 250, 2_000);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#chain.head ? ms : 250);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Is the node's socket behind what the road knows? */
  #watch(height: number): void {
    const source = this.#options.link.source;
    const now = Date.now();
    this.#upstreamHeight ??= height;
    if (source === undefined || this.#upstreamHeight >= height) {
      this.#behindSinceMs = undefined;
      return;
    }
    this.#behindSinceMs ??= now;
    if (now - this.#behindSinceMs >= lagToleratedMs) this.#options.link.leave("lagging");
  }

  #observe(header: Header, source: Source): void {
    this.#chain.observe(header, source, Date.now());
    for (const resolve of this.#waiting.splice(0)) resolve();
    void this.#advance();
  }

  /** Follows the chain's steps until it is idle; one at a time, however many observations come meanwhile. */
  async #advance(): Promise<void> {
    this.#again = true;
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      for (let step = this.#next(); step.kind !== "idle"; step = this.#next()) {
        if (step.kind === "events") this.#emit(step.events);
        else if (!(await this.#fetch(step.hash, step.number))) this.#giveUp(step.source);
        if (this.#stop.signal.aborted) return;
      }
    }
    this.#advancing = false;
  }

  #next() {
    return this.#chain.next(Date.now());
  }

  #emit(events: ChainEvent[]): void {
    const { network, metrics, onEvents } = this.#options;
    const first = this.#sequence + 1;
    this.#sequence += events.length;
    for (const { kind, header } of events) {
      if (kind === "added") {
        metrics.add("gateway_heads_total", { network });
        this.#learn(header);
      } else if (kind === "removed") metrics.add("gateway_reorganised_blocks_total", { network });
      else metrics.add("gateway_continuity_lost_total", { network });
    }
    onEvents(events, first);
  }

  #lastTimestamp = 0;
  #learn({ timestamp }: Header): void {
    const passedMs = (timestamp - this.#lastTimestamp) * 1000;
    if (this.#lastTimestamp > 0 && passedMs >= 0 && passedMs < 600_000) {
      this.#blockTimeMs += (passedMs - this.#blockTimeMs) / 8;
    }
    this.#lastTimestamp = timestamp;
  }

  #giveUp(sourceId: string): void {
    this.#chain.abandon(sourceId);
    if (sourceId === this.#options.link.source) this.#options.link.leave("bad answers");
  }

  /** Gets a missing block (and those before it, when there are many) for the chain. */
  async #fetch(hash: string, number: number): Promise<boolean> {
    const from = Math.max((this.#chain.head?.number ?? number) + 1, number - atOnce + 1);
    if (number - from >= manyMissing) {
      const numbers = Array.from({ length: number - from + 1 }, (_, index) => from + index);
      const found = await Promise.all(numbers.map((one) => this.#block("eth_getBlockByNumber", hex(one))));
      for (const header of found) if (header) this.#supply(header);
      if (found.at(-1)?.hash === hash) return true;
    }
    for (let tries = 1; tries <= fetchTries && !this.#stop.signal.aborted; tries++) {
      const header = await this.#block("eth_getBlockByHash", hash);
      if (header?.hash === hash) {
        this.#supply(header);
        return true;
      }
      await sleep(tries * 100);
    }
    return false;
  }

  #supply(header: Header): void {
    this.#options.metrics.add("gateway_gap_blocks_filled_total", { network: this.#options.network });
    this.#chain.supply(header);
  }

  async #block(method: string, which: string): Promise<Header | undefined> {
    try {
      return readHeader(await this.#options.road.ask(this.#options.network, method, [which, false], askMs));
    } catch {
      return undefined;
    }
  }
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
