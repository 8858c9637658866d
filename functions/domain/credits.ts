import type { RegisteredNode } from "./node";
import type { TaskHeartbeat } from "./task";

/** What one region has counted of calls to nodes whose plan is limited by month. */
export interface CreditCount {
  /** ISO 8601 instant of the run that wrote it; rises. */
  at: string;
  /** Calendar month (UTC): `2026-11`. */
  month: string;
  /** By node, since the month began. */
  spent: Record<string, number>;
  /** How much of each task's own sums is in it; by its name and start, with which the sums began. */
  tasks: Record<string, CountedTask>;
}

interface CountedTask {
  reportedAt: string;
  credits: Record<string, number>;
}

/** `eth_chainId`, `eth_blockNumber`, `eth_syncing`. */
const callsPerProbe = 3;
/** One item of the table holds them; of tasks that have long been silent they are forgotten. */
const mostTasks = 1000;
const rememberedMs = 3 * 24 * 3600_000;

/** Calendar month (UTC) of an ISO 8601 instant. */
const monthOf = (instant: string) => instant.slice(0, "2026-11".length);

/**
 * Adds what tasks have counted since the last run, and the run's own probes. A task reports sums since it started, so that a
 * lost report is made up for by the next one, and the same report twice adds nothing.
 */
export function countCredits(
  before: CreditCount | undefined,
  run: { at: string; tasks: TaskHeartbeat[]; nodes: RegisteredNode[]; probed: string[] },
): CreditCount {
  const month = monthOf(run.at);
  const spent = before?.month === month ? { ...before.spent } : {};
  const spend = (nodeId: string, credits: number) => {
    if (credits > 0) spent[nodeId] = (spent[nodeId] ?? 0) + credits;
  };
  const forgotten = before ? new Date(Date.parse(before.at) - rememberedMs).toISOString() : "";
  const tasks = remembered(before?.tasks ?? {}, forgotten);
  for (const { taskId, startedAt, reportedAt, counters } of run.tasks) {
    const credits = counters.creditsByNode ?? {};
    const task = `${taskId} ${startedAt}`;
    const last = tasks[task];
    // A run that overtook this one may know more of the task.
    if (last && last.reportedAt >= reportedAt) continue;
    tasks[task] = { reportedAt, credits };
    // It was silent for so long that it has been forgotten: what it counted before must not count again.
    if (!last && startedAt < forgotten) continue;
    for (const [nodeId, sum] of Object.entries(credits)) spend(nodeId, sum - (last?.credits[nodeId] ?? 0));
  }
  const limited = new Set(run.nodes.filter(isLimited).map((node) => node.id));
  for (const nodeId of run.probed) if (limited.has(nodeId)) spend(nodeId, callsPerProbe);
  return { at: run.at, month, spent, tasks };
}

function remembered(tasks: CreditCount["tasks"], oldest: string): CreditCount["tasks"] {
  const kept = Object.entries(tasks).filter(([, task]) => task.reportedAt >= oldest);
  kept.sort(([, a], [, b]) => (a.reportedAt < b.reportedAt ? 1 : -1));
  return Object.fromEntries(kept.slice(0, mostTasks));
}

export interface CreditCounts {
  /** This region's; undefined before its first. */
  here?: CreditCount;
  elsewhere: CreditCount[];
}

/** What has been spent of each node's plan this month, in all regions together. */
export function spentCredits({ here, elsewhere }: CreditCounts, now: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const count of here ? [here, ...elsewhere] : elsewhere) {
    if (count.month !== monthOf(now)) continue;
    for (const [nodeId, spent] of Object.entries(count.spent)) {
      sums.set(nodeId, (sums.get(nodeId) ?? 0) + spent);
    }
  }
  return sums;
}

export const isLimited = (node: RegisteredNode) => node.limits?.monthlyCredits !== undefined;
