import { redactUrl } from "../../functions/domain/redact";
import type { ReleaseRecord } from "../../functions/domain/release";
import type { TaskHeartbeat } from "../../functions/domain/task";
import type { Registry } from "../../functions/ports/registry";

export interface NodeRow {
  id: string;
  name?: string;
  network: string;
  url: string;
  isLeader: boolean;
  drained: boolean;
  /** Undefined until it was looked at. */
  healthy?: boolean;
  inPool: boolean;
  reason?: string;
  height?: number;
  lag?: number;
  latencyMs?: number;
  /** Part of the calls of the last seconds, 0 to 1; undefined when there were none. */
  share?: number;
}

/** What the live table shows. No secrets. */
export interface Snapshot {
  nodes: NodeRow[];
  release?: Pick<ReleaseRecord, "version">;
  /** Release that the proxy runs. */
  runs?: number;
  badRelease?: { version: number; note: string };
  /** Calls per second to all nodes. */
  callsPerSecond?: number;
}

/** Traffic is shown over this long. */
const windowMs = 10_000;

/** Makes snapshots, remembering the counters of the last seconds for what is shown per time. */
export class Snapshots {
  #history: { at: number; calls: Map<string, number> }[] = [];

  constructor(
    private readonly registry: Pick<Registry, "listNodes" | "listStates" | "listTasks" | "currentRelease">,
  ) {}

  async take(now: number): Promise<Snapshot> {
    const [nodes, states, tasks, release] = await Promise.all([
      this.registry.listNodes(),
      this.registry.listStates(),
      this.registry.listTasks(),
      this.registry.currentRelease(),
    ]);
    const stateOf = new Map(states.map((state) => [state.nodeId, state]));
    const { calls, total, seconds } = this.#recentCalls(tasks, now);
    const newest = tasks.toSorted((a, b) => b.reportedAt.localeCompare(a.reportedAt))[0];
    const rows = nodes.map((node): NodeRow => {
      const state = stateOf.get(node.id);
      const { id, name, network, isLeader, drained } = node;
      const share = total > 0 ? (calls.get(id) ?? 0) / total : undefined;
      return {
        ...{ id, name, network, isLeader, drained, share },
        url: redactUrl(node.url),
        healthy: state?.healthy,
        inPool: state?.inPool ?? false,
        ...{ reason: state?.reason, height: state?.height, lag: state?.lag, latencyMs: state?.latencyMs },
      };
    });
    return {
      nodes: rows.sort((a, b) => a.network.localeCompare(b.network) || a.url.localeCompare(b.url)),
      release,
      runs: newest?.releaseVersion,
      badRelease: newest?.badRelease,
      callsPerSecond: seconds > 0 ? total / seconds : undefined,
    };
  }

  #recentCalls(
    tasks: TaskHeartbeat[],
    at: number,
  ): { calls: Map<string, number>; total: number; seconds: number } {
    const calls = sumCalls(tasks);
    this.#history.push({ at, calls });
    this.#history = this.#history.filter((entry) => at - entry.at <= windowMs);
    const oldest = this.#history[0]!;
    const recent = new Map(
      // Counters start again with the task.
      [...calls].map(([id, count]) => [id, Math.max(0, count - (oldest.calls.get(id) ?? 0))]),
    );
    const total = [...recent.values()].reduce((sum, count) => sum + count, 0);
    return { calls: recent, total, seconds: (at - oldest.at) / 1000 };
  }
}

function sumCalls(tasks: TaskHeartbeat[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const task of tasks) {
    for (const [id, { ok, failed }] of Object.entries(task.counters.callsByNode)) {
      sums.set(id, (sums.get(id) ?? 0) + ok + failed);
    }
  }
  return sums;
}
