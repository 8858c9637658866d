import { advanceHistory } from "../../functions/domain/history/advanceHistory";
import type { HistoryState } from "../../functions/domain/history/types";
import type { NodeState } from "../../functions/domain/verdict";
import type { Registry } from "../../functions/ports/registry";

/** What a health check keeps of a healthy node. */
export const state = (nodeId: string, more: Partial<NodeState> = {}): NodeState => {
  const at = new Date().toISOString();
  return {
    ...{
      nodeId,
      network: "mainnet",
      healthy: true,
      reason: "ok",
      height: 19_000_000,
      lag: 0,
      latencyMs: 31,
    },
    ...{ badStreak: 0, goodStreak: 1, everHealthy: true, inPool: true, since: at, checkedAt: at },
    ...more,
  };
};

/** Hours of health checks, as the evaluation would have left them. */
export async function fillHistory(registry: Registry, hours: number): Promise<void> {
  const [nodes, states] = await Promise.all([registry.listNodes(), registry.listStates()]);
  let before: HistoryState | undefined;
  for (let minute = hours * 60; minute >= 0; minute--) {
    const now = new Date(Date.now() - minute * 60_000).toISOString();
    const wave = Math.sin(minute / 17);
    const sum = (hours * 60 - minute) * 900 + Math.round(wave * 3000) + 4000;
    const bad = minute > 4 && minute < 9;
    const step = advanceHistory(before, {
      ...{ now, networks: [{ name: "mainnet" }], nodes, releases: [] },
      states: states.map((one, index) => ({
        ...one,
        lag: index === 1 && bad ? 14 : Math.abs(Math.round(wave * index)),
        healthy: !(index === 1 && bad),
        reason: index === 1 && bad ? "lagging" : "ok",
      })),
      tasks: [
        {
          ...{ taskId: "task-1", releaseVersion: 1, startedAt: now, reportedAt: now, draining: false },
          counters: { requestsByStatus: { "200": sum, "502": Math.round(sum / 40) }, callsByNode: {} },
        },
      ],
    });
    before = step.state;
    if (step.finished) await registry.putHistoryMinute(step.finished);
    await registry.putEvents(step.events);
  }
}
