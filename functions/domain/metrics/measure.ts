import type { Network } from "../network";
import type { ReleaseRecord } from "../release";
import type { TaskHeartbeat } from "../task";
import type { NodeState } from "../verdict";
import type { Measurement } from "./embeddedMetrics";

/** What one health-check run leaves behind. */
export interface Standing {
  stack: string;
  networks: Network[];
  states: NodeState[];
  tasks: TaskHeartbeat[];
  /** Newest first. */
  releases: ReleaseRecord[];
  current?: ReleaseRecord;
  service?: { desiredTasks: number; runningTasks: number };
}

/** Every measurement but that of requests, which needs what the last run saw. */
export function measureStanding(standing: Standing, now: Date): Measurement[] {
  return [...measureNodes(standing), ...measureRelease(standing, now), ...measureService(standing)];
}

function measureNodes({ stack, networks, states }: Standing): Measurement[] {
  const measurements: Measurement[] = networks.map((network) => ({
    metric: "HealthyNodes",
    value: states.filter((state) => state.network === network.name && state.healthy).length,
    dimensions: { Stack: stack, Network: network.name },
  }));
  for (const state of states) {
    const dimensions = { Stack: stack, Network: state.network, Node: state.nodeId };
    if (state.lag !== undefined) {
      measurements.push({ metric: "NodeLag", value: Math.max(0, state.lag), dimensions });
    }
    if (state.latencyMs !== undefined) {
      measurements.push({ metric: "NodeLatency", value: state.latencyMs, dimensions });
    }
  }
  return measurements;
}

function measureRelease({ stack, tasks, releases, current }: Standing, now: Date): Measurement[] {
  const dimensions = { Stack: stack };
  const bad = releases[0]?.status === "bad" ? 1 : 0;
  const measurements: Measurement[] = [{ metric: "BadRelease", value: bad, dimensions }];
  if (!current) return measurements;
  const ageSeconds = (now.getTime() - Date.parse(current.publishedAt)) / 1000;
  const behind = tasks.filter((task) => !task.draining && task.releaseVersion !== current.version);
  measurements.push(
    { metric: "ReleaseAge", value: Math.max(0, Math.round(ageSeconds)), dimensions },
    { metric: "TasksNotOnRelease", value: behind.length, dimensions },
  );
  return measurements;
}

function measureService({ stack, service }: Standing): Measurement[] {
  if (!service) return [];
  const missing = Math.max(0, service.desiredTasks - service.runningTasks);
  return [{ metric: "MissingTasks", value: missing, dimensions: { Stack: stack } }];
}

/** Counters of each task by status as they stood in one run. */
export type RequestCounters = Record<string, Record<string, number>>;

export function requestCounters(tasks: TaskHeartbeat[]): RequestCounters {
  return Object.fromEntries(tasks.map((task) => [task.taskId, task.counters.requestsByStatus]));
}

/** Requests since the last run: what rose, and all of a task that was not there. A counter that fell started anew. */
export function measureRequests(stack: string, before: RequestCounters, now: RequestCounters): Measurement[] {
  const sums = new Map<string, number>();
  for (const [taskId, counters] of Object.entries(now)) {
    for (const [status, count] of Object.entries(counters)) {
      const last = before[taskId]?.[status] ?? 0;
      sums.set(status, (sums.get(status) ?? 0) + (count >= last ? count - last : count));
    }
  }
  return [...sums].map(([status, value]) => ({
    metric: "RequestsByStatus",
    value,
    dimensions: { Stack: stack, Status: status },
  }));
}
