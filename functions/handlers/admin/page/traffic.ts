import type { Status } from "./api";

interface TaskSample {
  atMs: number;
  requests: Record<string, number>;
  calls: Map<string, { ok: number; failed: number }>;
  keys: Map<string, number>;
}

export interface NodeTraffic {
  /** Part of all calls to nodes, 0 to 1. */
  share: number;
  /** Part of this node's calls that failed; undefined without calls. */
  failed: number | undefined;
}

export interface KeyTraffic {
  /** Calls let in since the tasks started. */
  calls: number;
  /** Undefined until a task has reported twice. */
  perSecond: number | undefined;
}

/** Traffic is shown over this long. */
const windowMs = 60_000;

/** Turns the tasks' sums into what happens now, by what rose between their reports. */
export class TrafficMeter {
  readonly #samples = new Map<string, TaskSample[]>();

  take(status: Status): void {
    const alive = new Set(status.tasks.map((task) => task.id));
    for (const id of this.#samples.keys()) if (!alive.has(id)) this.#samples.delete(id);
    for (const task of status.tasks) {
      const samples = this.#samples.get(task.id) ?? [];
      const atMs = Date.parse(task.reported_at);
      if (samples.at(-1)?.atMs === atMs) continue;
      const calls = new Map(task.calls_by_node.map(({ id, ok, failed }) => [id, { ok, failed }]));
      const keys = new Map(task.calls_by_key.map((key) => [key.id, key.calls]));
      samples.push({ atMs, requests: task.requests_by_status, calls, keys });
      while (samples.length > 2 && atMs - samples[1]!.atMs > windowMs) samples.shift();
      this.#samples.set(task.id, samples);
    }
  }

  /** Requests a second by status; undefined until a task has reported twice. */
  rates(): Record<string, number> | undefined {
    let rates: Record<string, number> | undefined;
    for (const samples of this.#samples.values()) {
      const [before, last] = samples.slice(-2);
      if (!before || !last) continue;
      rates ??= {};
      for (const [status, count] of Object.entries(last.requests)) {
        const rise = Math.max(0, count - (before.requests[status] ?? 0));
        rates[status] = (rates[status] ?? 0) + (rise * 1000) / (last.atMs - before.atMs);
      }
    }
    return rates;
  }

  /** By key, the busiest ones: tasks don't report the others. */
  keys(): Map<string, KeyTraffic> {
    const sums = new Map<string, KeyTraffic>();
    for (const samples of this.#samples.values()) {
      const first = samples[0]!;
      const last = samples.at(-1)!;
      const seconds = (last.atMs - first.atMs) / 1000;
      for (const [id, calls] of last.keys) {
        const before = first.keys.get(id) ?? 0;
        const rise = seconds > 0 ? Math.max(0, calls - before) / seconds : undefined;
        const sum = sums.get(id) ?? { calls: 0, perSecond: undefined };
        const perSecond = rise === undefined ? sum.perSecond : (sum.perSecond ?? 0) + rise;
        sums.set(id, { calls: sum.calls + calls, perSecond });
      }
    }
    return sums;
  }

  /** By node; empty while there are no calls. */
  nodes(): Map<string, NodeTraffic> {
    const sums = new Map<string, { ok: number; failed: number }>();
    let total = 0;
    for (const samples of this.#samples.values()) {
      const first = samples[0]!;
      for (const [id, { ok, failed }] of samples.at(-1)!.calls) {
        const before = first.calls.get(id) ?? { ok: 0, failed: 0 };
        const sum = sums.get(id) ?? { ok: 0, failed: 0 };
        sum.ok += Math.max(0, ok - before.ok);
        sum.failed += Math.max(0, failed - before.failed);
        sums.set(id, sum);
      }
    }
    for (const { ok, failed } of sums.values()) total += ok + failed;
    if (total === 0) return new Map();
    return new Map(
      [...sums].map(([id, { ok, failed }]) => {
        const calls = ok + failed;
        return [id, { share: calls / total, failed: calls === 0 ? undefined : failed / calls }];
      }),
    );
  }
}
