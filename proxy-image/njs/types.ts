import type { PoolAdmission, PoolLimits } from "../../functions/domain/render/poolFile";
import type { Depends } from "./cacheRules";
import type { Heads } from "./heads";
import type { NodeRate } from "./nodeLimits";
import type { Spelling } from "./quickRequest";
import type { Gaps } from "./rememberedGaps";

/** A node as this context knows it. */
export interface Node {
  readonly id: string;
  /** Chain that it has to be on. */
  readonly chainId: number;
  /** URI of its internal location for calls with small answers. */
  readonly location: string;
  /** URI of the one for large answers and for a node that must be watched. */
  readonly heavyLocation: string;
  readonly weight: number;
  /** Its place in what is kept by node. */
  readonly index: number;
  readonly secrets: string[];
  /** Names of its numbers in the shared dictionaries; `epochKey` is that of its network. */
  readonly epochKey: string;
  readonly latencyKey: string;
  readonly ejectedUntilKey: string;
  readonly backoffKey: string;
  readonly recoveredAtKey: string;
  readonly heightKey: string;
  readonly watchedUntilKey: string;
  /** Instant until which it is out of the rotation, in ms; 0 when it is in. A copy: see `refreshState`. */
  ejectedUntil: number;
  /** The last height it said; −1 when it said none. A copy where heads are polled. */
  height: number;
  /** What it has shown not to have; a copy. */
  gaps: Gaps | undefined;
  /** How often it may be called, by its operator's plan. */
  readonly rate: NodeRate | undefined;
  /** Name of the count of calls sent to it, where its plan is limited by month. */
  readonly creditKey: string | undefined;
  /** One of the two is set. */
  readonly isMetered: boolean;
  /** So many calls at once; nginx keeps to it. */
  readonly maxConcurrency: number | undefined;
  /** Copy of its latency in ms; 0 while unknown. */
  latency: number;
  /** When a call to it is sent to a second node too, in ms after it was sent; 0 when it is not. As old as the latency. */
  hedgeAfterMs: number;
  /** 0 when no call is sent twice. */
  readonly longestHedgeMs: number;
  /** When this context read them. */
  latencyReadAt: number;
  /** Instant until which it is watched because it was slow without being silent; a copy too. */
  watchedUntil: number;
}

/** What is known of a method's calls to one node. */
export interface Road {
  node: Node;
  /** The same as the node's. */
  isMetered: boolean;
  /** URI of the internal location to take. */
  location: string;
  /** Names of the counters of good answers, by latency (see `bucketsMs`), made when they are first needed. */
  counters: (string | undefined)[];
  counterStart: string;
  /** Of the counter that sums latencies up. */
  timeCounter: string;
  /** Line of the access log. */
  logLine: string;
}

/** Everything about a method that would otherwise be found out in each call. */
export interface MethodFacts {
  /** A request that starts with its id goes on with this, to the bracket that opens the params. */
  idFirstKey: string;
  name: string;
  /** A request to a node up to the params. */
  bodyStart: string;
  isHead: boolean;
  /** Neither the head nor something that may be missing: any result will do. */
  isPlain: boolean;
  /** Some calls of it may have to be sent with care: see `wantsCare`. */
  needsCare: boolean;
  depends: Depends;
  /** A second node may be asked while the first has not answered. */
  mayBeHedged: boolean;
  /** The edition of the network that what follows is of. */
  edition: number;
  /** Some calls may have to be sent with care, or there is no node for them: see `wantsCare`. */
  isCareful: boolean;
  /** The way to the node, where there is just one in the rotation. */
  only: Road | undefined;
  /** Among several nodes the way to the one that was drawn last, and until when, in ms, calls keep to it. */
  held: Road | undefined;
  heldUntil: number;
  /** Start of the names of entries in the cache that live with the head, and how long they are kept. */
  headPrefix: string;
  headMs: number;
  /** All answers live with the head, whatever the params. */
  livesWithHead: boolean;
  /** Index of the param that names a block; −1 when none does. */
  blockParam: number;
  /** Names of the counters of answers that no node was asked for, and their lines of the access log. */
  hitCounter: string;
  joinedCounter: string;
  hitLog: string;
  joinedLog: string;
  /** By node, made when a context first needs them, and which `ways` of the network they are of. */
  roads: (Road | undefined)[];
  ways: number;
}

export interface Network {
  name: string;
  chainId: number;
  nodes: Node[];
  leader?: Node;
  /** Those that a call is sent to first: not ejected, nor behind the head. Made anew by `refreshState`. */
  rotation: Node[];
  /** All in the rotation have the head. */
  isLevel: boolean;
  /** Running sums of their weights; undefined when all weigh the same. */
  rotationSums: number[] | undefined;
  /** So long a context's copy of a node's latency will do. */
  latencyFreshMs: number;
  /** Rises when a node begins or ceases to be watched: calls take another way then. */
  ways: number;
  /** Head that was handed out; −1 while unknown. Like what follows a copy: see `refreshState`. */
  head: number;
  /** Rises with each reorganisation that was seen. */
  fork: number;
  /** What is at or below it can't change any more; −1 while unknown. */
  finalHeight: number;
  blockTimeMs: number;
  /** A node so many blocks behind when it was last asked will have the head by now: 0 on chains slower than polling. */
  slack: number;
  /** Some node is known to lack methods or old blocks, and the methods. */
  hasGaps: boolean;
  gapMethods: Set<string>;
  /** Some node may be called only so often. */
  hasRates: boolean;
  /** Names the head and the fork; empty while unknown. */
  headKey: string;
  /** Raised by whoever changes something about its nodes that all contexts have to know. */
  epochKey: string;
  /** The epochs, of all networks and its own, that this context's copies are of. */
  seenEpoch: number;
  seenOwnEpoch: number;
  /** Rises with each change of what this context has copied. */
  edition: number;
  /** When a node last answered well: for `/ready` and for polling heads only while there is traffic. */
  goodKey: string;
  goodWrittenAt: number;
  /** When this context wrote that the cache has answered. */
  hitWrittenAt: number;
  /** What the quick road knows of the methods that are named and served here. */
  methods: Map<string, MethodFacts>;
  /** Those of them that this context has met in requests that start with the id. */
  idFirstMethods: MethodFacts[];
  /** How other clients spell their calls of these methods, as far as this context has met them. */
  spellings: Spelling[];
  isAllowed(method: string): boolean;
  heads: Heads;
  /** Answers that are known without asking a node: the `result` members by method. */
  fixed: Map<string, string>;
}

/** Everything read from pool.json, made ready for use. */
export interface Runtime {
  generation: number;
  limits: PoolLimits;
  /** Undefined when everybody is let in, as often as they like. */
  admission?: PoolAdmission;
  all: Network[];
  /** By name and by chain id. */
  networks: Map<string, Network>;
  defaultNetwork?: Network;
  nodes: Map<string, Node>;
}

/** Why an attempt came to nothing. */
export type Failure =
  | "unreachable"
  | "reset"
  | "timeout"
  | "http"
  | "garbage"
  | "outOfCredit"
  | "limited"
  | "refused"
  | "unsupported"
  | "missingData"
  | "rangeTooWide"
  | "trouble"
  | "nullResult"
  | "farAhead"
  | "behind"
  | "unconfirmed"
  | "capped"
  | "tooLarge";
