import type { RegisteredNode } from "../../domain/node";
import { redactText, redactUrl } from "../../domain/redact";
import type { ReleaseRecord } from "../../domain/release";
import type { TaskHeartbeat } from "../../domain/task";
import type { NodeState } from "../../domain/verdict";

/** A node as the API shows it: whom it concerns, how it is, and no secret. */
export function toBackend(node: RegisteredNode, state?: NodeState) {
  return {
    id: node.id,
    url: redactUrl(node.url),
    ws_url: node.wsUrl === undefined ? null : redactUrl(node.wsUrl),
    header_names: Object.keys(node.headers ?? {}),
    name: node.name ?? null,
    network: node.network,
    is_leader: node.isLeader,
    weight: node.weight,
    drained: node.drained,
    max_rps: node.limits?.maxRequestsPerSecond ?? null,
    max_concurrency: node.limits?.maxConcurrency ?? null,
    monthly_credits: node.limits?.monthlyCredits ?? null,
    /** Calls of this month (UTC) that count against `monthly_credits`; null without that limit. */
    credits_used: node.limits?.monthlyCredits === undefined ? null : (state?.creditsUsed ?? 0),
    source: node.source,
    when_added: node.whenAdded,
    is_healthy: state?.healthy ?? false,
    /** Null until the node has been probed. */
    reason: state?.reason ?? null,
    block_number: state?.height ?? null,
    lag: state?.lag ?? null,
    latency_ms: state?.latencyMs ?? null,
    /** Takes calls in the release that follows from the last health check. */
    in_pool: state?.inPool ?? false,
    since: state?.since ?? null,
    checked_at: state?.checkedAt ?? null,
  };
}
export type Backend = ReturnType<typeof toBackend>;

export function toReleaseView(record: ReleaseRecord) {
  return {
    version: record.version,
    sha256: record.sha256,
    published_at: record.publishedAt,
    status: record.status,
    note: record.note ?? null,
  };
}

export function toTaskView(task: TaskHeartbeat, current: ReleaseRecord | undefined) {
  return {
    id: task.taskId,
    release_version: task.releaseVersion,
    is_current: task.releaseVersion === current?.version,
    bad_release: task.badRelease
      ? { version: task.badRelease.version, note: redactText(task.badRelease.note) }
      : null,
    draining: task.draining,
    started_at: task.startedAt,
    reported_at: task.reportedAt,
    requests_by_status: task.counters.requestsByStatus,
    calls_by_key: Object.entries(task.counters.callsByKey ?? {}).map(([id, calls]) => ({ id, calls })),
    calls_by_node: Object.entries(task.counters.callsByNode).map(([id, calls]) => ({
      id,
      ok: calls.ok,
      failed: calls.failed,
      mean_latency_ms: calls.ok + calls.failed === 0 ? null : calls.latencyMsSum / (calls.ok + calls.failed),
    })),
  };
}
