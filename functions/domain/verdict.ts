/** Why a node is healthy (`ok`) or not. The one list: API, metrics and docs take it from here. */
const reasons = [
  "ok",
  "unreachable",
  "timeout",
  "http_error",
  "rpc_error",
  "bad_response",
  "wrong_chain",
  "syncing",
  "lagging",
  "out_of_credits",
] as const;
export type Reason = (typeof reasons)[number];

/** What one look at one node told. Small, and free of secrets: it travels through the workflow's state. */
export type ProbeResult =
  | { nodeId: string; ok: true; chainId: number; height: number; syncing: boolean; latencyMs: number }
  | { nodeId: string; ok: false; reason: ProbeFailure; latencyMs: number };
export type ProbeFailure = Extract<
  Reason,
  "unreachable" | "timeout" | "http_error" | "rpc_error" | "bad_response"
>;

/** A node's standing after a health-check run; kept per region, never in the item a deploy writes. */
export interface NodeState {
  nodeId: string;
  network: string;
  healthy: boolean;
  /** Verdict of the newest probe; `healthy` lags behind it by the hysteresis rules. */
  reason: Reason;
  height?: number;
  /** Reference height − height, in blocks. Absent when unknown. */
  lag?: number;
  latencyMs?: number;
  /** Of this month, where the node's plan is limited. */
  creditsUsed?: number;
  badStreak: number;
  goodStreak: number;
  /** Has been healthy since it was added: until then one good probe is enough. */
  everHealthy: boolean;
  /** The node is in the pool of the release that follows from this run. */
  inPool: boolean;
  /** ISO 8601 instant since which `healthy` has its value. */
  since: string;
  /** ISO 8601 instant of the run that wrote this: writes are conditional on it rising. */
  checkedAt: string;
}

/** The height that a network's nodes were compared with in its last run. */
export interface ReferenceHeight {
  network: string;
  height: number;
  /** Seconds between two blocks as the last runs saw them. */
  blockTimeSeconds?: number;
  /** ISO 8601 instant of the run. */
  checkedAt: string;
}
