import { embeddedMetricLines } from "../domain/metrics/embeddedMetrics";
import {
  measureRequests,
  measureStanding,
  type RequestCounters,
  requestCounters,
} from "../domain/metrics/measure";
import type { Network } from "../domain/network";
import type { Clock } from "../ports/clock";
import type { Registry } from "../ports/registry";
import type { ServiceDeployer } from "../ports/serviceDeployer";

export interface ReportMetricsDependencies {
  stack: string;
  region: string;
  networks: Network[];
  registry: Registry;
  deployer: ServiceDeployer;
  clock: Clock;
  /** Takes one log line. */
  write(line: string): void;
}

/** Writes the system's metrics as log lines, from what the health check has left in the registry. */
export function reportMetrics(dependencies: ReportMetricsDependencies) {
  const { stack, networks, registry, deployer, clock, write } = dependencies;
  return async (): Promise<void> => {
    const [states, tasks, releases, current, service] = await Promise.all([
      registry.listStates(),
      registry.listTasks(),
      registry.listReleases(1),
      registry.currentRelease(),
      deployer.describe(),
    ]);
    const now = clock.now();
    const requests = requestCounters(tasks);
    const fact = `requests-${dependencies.region}`;
    const before = JSON.parse((await registry.getFact(fact)) ?? "{}") as RequestCounters;
    const measurements = [
      ...measureStanding({ stack, networks, states, tasks, releases, current, service }, now),
      ...measureRequests(stack, before, requests),
    ];
    for (const line of embeddedMetricLines(measurements, now)) write(line);
    await registry.putFact(fact, JSON.stringify(requests));
  };
}
