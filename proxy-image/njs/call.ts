import type { Wanted } from "./choose";
import type { Failure, Node } from "./types";

/** How a call ended, for counters and logs. */
export type Outcome = "ok" | "error" | "failed" | "refused" | "invalid";

export interface Fallback {
  member: string;
  node: Node;
  outcome: Outcome;
  failure: Failure;
  /** Another node gave another error that nobody knows. */
  disagreed?: boolean;
}

/** One call of a client: a request of its own or one element of a batch. */
export class Call {
  /** `"result":…` or `"error":…` once it is known. */
  member: string | undefined;
  outcome: Outcome = "failed";
  /** Node whose answer it is. */
  node: Node | undefined;
  /** What the cache had to do with it. */
  cache: "none" | "hit" | "miss" | "joined" = "none";
  /** Nodes that were asked; undefined while none was. */
  tried: Node[] | undefined;
  failures: { node: Node; failure: Failure }[] | undefined;
  /** An error or null that is passed on when no node has better. */
  fallback: Fallback | undefined;
  /** A node refused the batch it was in: it is sent by itself. */
  alone = false;
  /** The round of second tries has begun. */
  retrying = false;
  /** The only node that can answer it, and the params as that node knows them. */
  pinned: Node | undefined;
  pinnedParams: string | undefined;
  /** What a node needs to have to answer it; undefined while nobody has looked. */
  wanted: Wanted | undefined;
  /** Height of a block that only one node calls safe or final. */
  heard: number | undefined;
  /** No node may be called before so many ms. */
  restMs = 0;

  constructor(
    /** As the client wrote it; undefined for a notification. */
    readonly idText: string | undefined,
    readonly method: string,
    /** As the client wrote them; undefined when there were none. */
    readonly paramsText: string | undefined,
  ) {}

  /** The request as a node gets it, with an id of ours: nodes have been seen to change strings, fractions and large numbers. */
  requestText(id: number | string): string {
    const method = plainName.test(this.method) ? `"${this.method}"` : JSON.stringify(this.method);
    const params = this.pinnedParams ?? this.paramsText;
    return params === undefined
      ? `{"jsonrpc":"2.0","id":${id},"method":${method}}`
      : `{"jsonrpc":"2.0","id":${id},"method":${method},"params":${params}}`;
  }

  fail(node: Node, failure: Failure): void {
    if (this.failures === undefined) this.failures = [];
    this.failures.push({ node, failure });
  }

  finish(member: string, outcome: Outcome, node?: Node): void {
    this.member = member;
    this.outcome = outcome;
    this.node = node;
  }

  /** Its client is answered: what is long is not kept until the context collects its garbage, which may take thousands of calls. */
  forget(): void {
    this.member = undefined;
    this.fallback = undefined;
  }
}

const plainName = /^\w+$/;
