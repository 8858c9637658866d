import type { PoolLimits } from "../../functions/domain/render/poolFile";

/** A node as this context knows it. */
export interface Node {
  id: string;
  /** URI of its internal location for calls with small answers. */
  location: string;
  /** URI of the one for large answers and for a node that must be watched. */
  heavyLocation: string;
  weight: number;
  secrets: string[];
  /** Names of its numbers in the shared dictionaries, made once. */
  latencyKey: string;
  ejectedUntilKey: string;
  backoffKey: string;
  recoveredAtKey: string;
  watchedUntilKey: string;
  /** Instant until which it is out of the rotation, in ms; 0 when it is in. A copy: see `refreshState`. */
  ejectedUntil: number;
  /** Instant until which it is watched because it was slow without being silent; a copy too. */
  watchedUntil: number;
}

export interface Network {
  name: string;
  chainId: number;
  nodes: Node[];
  /** Running sums of the nodes' weights; undefined when all weigh the same. */
  weightSums?: number[];
  leader?: Node;
  /** At least one of `nodes` is ejected. */
  hasEjected: boolean;
  isAllowed(method: string): boolean;
}

/** Everything read from pool.json, made ready for use. */
export interface Runtime {
  generation: number;
  limits: PoolLimits;
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
  | "nullResult";
