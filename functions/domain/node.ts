/** Who put a node into the registry: the operator's list (environment, stack config) or the admin API. */
type NodeSource = "operator" | "admin";

/** Limits of a provider's plan. Absent means unlimited. */
export interface NodeLimits {
  maxRequestsPerSecond?: number;
  maxConcurrency?: number;
  monthlyCredits?: number;
}

/** One JSON-RPC endpoint as the registry knows it. `url`, `wsUrl` and `headers` are secrets. */
export interface RegisteredNode {
  /** `n` and 16 hex digits: a keyed hash of network and normalised URL, so the same URL can't be added twice. */
  id: string;
  network: string;
  /** Whole URL, normalised. Secret: see `redactUrl`. */
  url: string;
  wsUrl?: string;
  /** Extra request headers sent to the node (an API key, for example). Secret. */
  headers?: Record<string, string>;
  name?: string;
  isLeader: boolean;
  /** Share of traffic relative to other nodes, 1–1000; 100 is usual. */
  weight: number;
  /** Takes no new calls, still probed. */
  drained: boolean;
  source: NodeSource;
  limits?: NodeLimits;
  /** ISO 8601 instant. */
  whenAdded: string;
}
