/** What an agent reports about its task every few seconds; expires by TTL. */
export interface TaskHeartbeat {
  taskId: string;
  /** Version that nginx runs; 0 is the built-in configuration. */
  releaseVersion: number;
  /** Newest release this task refused, with nginx's redacted complaint. */
  badRelease?: { version: number; note: string };
  /** ISO 8601 instant at which the task started. */
  startedAt: string;
  /** ISO 8601 instant of this report. */
  reportedAt: string;
  draining: boolean;
  /** It has ended: this is only what it counted to the last. */
  left?: true;
  counters: TaskCounters;
}

/** Sums since the task started. */
export interface TaskCounters {
  /** Client HTTP answers by status class (`2xx`, `4xx`, `5xx`, or the status itself). */
  requestsByStatus: Record<string, number>;
  /** Calls (batch elements counted) sent to each node, by outcome. */
  callsByNode: Record<string, { ok: number; failed: number; latencyMsSum: number }>;
  /** Calls let in with each key, of the busiest keys: a report must stay small. */
  callsByKey?: Record<string, number>;
  /** Every call sent to a node whose plan is limited by month: questions of ours, second tries and races as well. */
  creditsByNode?: Record<string, number>;
}
