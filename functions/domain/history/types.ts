import type { Reason } from "../verdict";

/** One node in one minute: the worst that a run saw. */
interface NodePoint {
  /** Blocks behind the reference height; absent when unknown. */
  lag?: number;
  height?: number;
  healthy: boolean;
}

/** One network in one minute. */
export interface NetworkPoint {
  /** Fewest healthy nodes of any run. */
  healthy: number;
  nodes: Record<string, NodePoint>;
}

/** Calls to one node in one minute. */
interface CallSums {
  ok: number;
  failed: number;
}

/** What all tasks did in one minute. */
export interface TrafficPoint {
  requestsByStatus: Record<string, number>;
  callsByNode: Record<string, CallSums>;
}

/** One minute of one region: what the charts are drawn from. */
export interface HistoryMinute {
  /** ISO 8601 instant at which the minute begins. */
  at: string;
  networks: Record<string, NetworkPoint>;
  traffic: TrafficPoint;
}

/** Something worth telling. No secrets: labels are names or redacted URLs. */
export type GatewayEvent = { at: string } & (
  | { kind: "node_added" | "node_removed"; nodeId: string; label: string; network: string }
  | { kind: "node_joined"; nodeId: string; label: string; network: string }
  | { kind: "node_left"; nodeId: string; label: string; network: string; reason: Reason }
  | { kind: "release_published" | "release_pinned"; version: number }
  | { kind: "release_unpinned" }
  | { kind: "release_bad"; version: number; note: string }
  | { kind: "task_started" | "task_stopped" | "task_draining"; taskId: string; version: number }
);

/** Where the history stands: the minute under way, and what the next run is compared with. */
export interface HistoryState {
  /** ISO 8601 instant of the run that wrote it; rises. */
  at: string;
  minute: HistoryMinute;
  nodes: Record<string, { network: string; label: string; healthy: boolean }>;
  release?: number;
  pinned?: number;
  /** Newest version that is known to be bad. */
  bad?: number;
  tasks: Record<string, TaskStanding>;
}

export interface TaskStanding {
  version: number;
  draining: boolean;
  requestsByStatus: Record<string, number>;
  /** Calls that went well and that failed, by node. */
  calls: Record<string, [ok: number, failed: number]>;
}
