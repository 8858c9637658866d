import { z } from "zod";
import type { TaskCounters } from "../../../functions/domain/task";

const count = z.number().min(0);
const countersShape = z.object({
  requestsByStatus: z.record(z.string().max(32), count),
  callsByNode: z.record(z.string().max(64), z.object({ ok: count, failed: count, latencyMsSum: count })),
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
  const requestsByStatus = { ...a.requestsByStatus };
  for (const [status, n] of Object.entries(b.requestsByStatus)) {
    requestsByStatus[status] = (requestsByStatus[status] ?? 0) + n;
  }
  const callsByNode = { ...a.callsByNode };
  for (const [node, calls] of Object.entries(b.callsByNode)) {
    const sum = callsByNode[node] ?? { ok: 0, failed: 0, latencyMsSum: 0 };
    callsByNode[node] = {
      ok: sum.ok + calls.ok,
      failed: sum.failed + calls.failed,
      latencyMsSum: sum.latencyMsSum + calls.latencyMsSum,
    };
  }
  return { requestsByStatus, callsByNode };
}
