import type { TaskStanding, TrafficPoint } from "./types";

/**
 * Adds what tasks have counted since the last run. A counter that fell started anew; of a task that was not there, everything counts,
 * unless there was no last run: then nobody knows over which time it counted.
 */
export function addTraffic(
  sums: TrafficPoint,
  before: Record<string, TaskStanding> | undefined,
  now: Record<string, TaskStanding>,
): TrafficPoint {
  if (!before) return sums;
  const requestsByStatus = { ...sums.requestsByStatus };
  const callsByNode = { ...sums.callsByNode };
  for (const [taskId, task] of Object.entries(now)) {
    const last = before[taskId];
    for (const [status, count] of Object.entries(task.requestsByStatus)) {
      const more = risen(count, last?.requestsByStatus[status]);
      if (more > 0) requestsByStatus[status] = (requestsByStatus[status] ?? 0) + more;
    }
    for (const [nodeId, [ok, failed]] of Object.entries(task.calls)) {
      const [lastOk, lastFailed] = last?.calls[nodeId] ?? [0, 0];
      const sum = callsByNode[nodeId] ?? { ok: 0, failed: 0 };
      const more = { ok: risen(ok, lastOk), failed: risen(failed, lastFailed) };
      if (more.ok + more.failed === 0) continue;
      callsByNode[nodeId] = { ok: sum.ok + more.ok, failed: sum.failed + more.failed };
    }
  }
  return { requestsByStatus, callsByNode };
}

function risen(count: number, last = 0): number {
  return count >= last ? count - last : count;
}
