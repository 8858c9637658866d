import type { PoolLimits, PoolNode } from "../../functions/domain/render/poolFile";
import { longestHedgeMs } from "./hedging";
import { type NodeRate, rateOf } from "./nodeLimits";
import type { Gaps } from "./rememberedGaps";
import type { Node } from "./types";

/** What all nodes of a network have in common. */
export interface Common {
  chainId: number;
  epochKey: string;
  longestHedgeMs: number;
}

export function commonOf(chainId: number, epochKey: string, limits: PoolLimits): Common {
  return { chainId, epochKey, longestHedgeMs: longestHedgeMs(limits) };
}

/**
 * A node as this context knows it. Each context has all nodes of its own, dozens of times a hundred of them: a node holds what calls
 * read, and names are put together when they are needed.
 */
export class KnownNode implements Node {
  // What each call reads comes first: members lie in memory in this order.
  latencyReadAt = 0;
  latency = 0;
  ejectedUntil = 0;
  readonly index: number;
  readonly isMetered: boolean;
  hedgeAfterMs = 0;
  readonly id: string;
  readonly weight: number;
  height = -1;
  watchedUntil = 0;
  gaps: Gaps | undefined = undefined;
  readonly rate: NodeRate | undefined;
  readonly creditKey: string | undefined;
  readonly maxConcurrency: number | undefined;
  /** One line each: they come from URLs and headers, which have no line feeds. */
  private readonly secretLines: string;
  private readonly common: Common;

  constructor(described: PoolNode, index: number, common: Common) {
    const { id, weight, secrets, maxConcurrency, countsCredits } = described;
    this.index = index;
    this.rate = rateOf(described);
    this.creditKey = countsCredits === true ? `x|${id}` : undefined;
    this.isMetered = this.rate !== undefined || this.creditKey !== undefined;
    this.id = id;
    this.weight = weight;
    this.maxConcurrency = maxConcurrency;
    this.secretLines = secrets.join("\n");
    this.common = common;
  }

  get secrets(): string[] {
    return this.secretLines === "" ? [] : this.secretLines.split("\n");
  }

  get chainId(): number {
    return this.common.chainId;
  }

  get longestHedgeMs(): number {
    return this.common.longestHedgeMs;
  }

  get location(): string {
    return `/~${this.id}`;
  }

  get heavyLocation(): string {
    return `/=${this.id}`;
  }

  get epochKey(): string {
    return this.common.epochKey;
  }

  get latencyKey(): string {
    return `l|${this.id}`;
  }

  get ejectedUntilKey(): string {
    return `e|${this.id}`;
  }

  get backoffKey(): string {
    return `b|${this.id}`;
  }

  get recoveredAtKey(): string {
    return `r|${this.id}`;
  }

  get heightKey(): string {
    return `g|${this.id}`;
  }

  get watchedUntilKey(): string {
    return `w|${this.id}`;
  }
}
