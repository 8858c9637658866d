import { z } from "zod";
import type { TaskCounters } from "../../../functions/domain/task";

const count = z.number().min(0);
const countersShape = z.object({
  requestsByStatus: z.record(z.string().max(32), count),
  callsByNode: z.record(z.string().max(64), z.object({ ok: count, failed: count, latencyMsSum: count })),
  callsByKey: z.record(z.string().max(64), count).optional(),
  creditsByNode: z.record(z.string().max(64), count).optional(),
});

const noCounters: TaskCounters = { requestsByStatus: {}, callsByNode: {} };

/** Sums since the task started. nginx counts from zero again when its master is restarted; we go on. */
export class CounterSums {
  #before: TaskCounters = noCounters;
  #current: TaskCounters = noCounters;

  get total(): TaskCounters {
    return add(this.#before, this.#current);
  }

  /** Takes what nginx counts now. @throws when it is no counters */
  update(json: string): void {
    this.#current = countersShape.parse(JSON.parse(json));
  }

  /** A new master counts from zero. */
  restart(): void {
    this.#before = this.total;
    this.#current = noCounters;
  }
}

function add(a: TaskCounters, b: TaskCounters): TaskCounters {
  const requestsByStatus = addCounts(a.requestsByStatus, b.requestsByStatus);
  const callsByNode = { ...a.callsByNode };
  for (const [node, calls] of Object.entries(b.callsByNode)) {
    const sum = callsByNode[node] ?? { ok: 0, failed: 0, latencyMsSum: 0 };
    callsByNode[node] = {
      ok: sum.ok + calls.ok,
      failed: sum.failed + calls.failed,
      latencyMsSum: sum.latencyMsSum + calls.latencyMsSum,
    };
  }
  const callsByKey = addCounts(a.callsByKey ?? {}, b.callsByKey ?? {});
  const creditsByNode = { ...a.creditsByNode };
  for (const [node, n] of Object.entries(b.creditsByNode ?? {})) {
    creditsByNode[node] = (creditsByNode[node] ?? 0) + n;
  }
  return {
    requestsByStatus,
    callsByNode,
    ...(Object.keys(callsByKey).length > 0 ? { callsByKey } : {}),
    ...(Object.keys(creditsByNode).length > 0 ? { creditsByNode } : {}),
  };
}

function addCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sums = { ...a };
  for (const [name, n] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + n;
  return sums;
}
