import { advanceHistory } from "../domain/history/advanceHistory";
import type { NetworkTable } from "../domain/networkTable";
import type { Clock } from "../ports/clock";
import type { Registry } from "../ports/registry";

export interface RecordHistoryDependencies {
  registry: Registry;
  clock: Clock;
  networks: () => Promise<NetworkTable>;
}

const releasesLookedAt = 20;

/** Takes what the registry holds after a run into the history. Of two runs at once, one does. */
export async function recordHistory({ registry, clock, networks }: RecordHistoryDependencies): Promise<void> {
  const before = await registry.historyState();
  const [table, nodes, states, tasks, releases, current, pin] = await Promise.all([
    networks(),
    registry.listNodes(),
    registry.listStates(),
    registry.listTasks(),
    registry.listReleases(releasesLookedAt),
    registry.currentRelease(),
    registry.pinnedRelease(),
  ]);
  const now = clock.now().toISOString();
  const { state, finished, events } = advanceHistory(before, {
    now,
    networks: table.networks,
    nodes,
    states,
    tasks,
    releases,
    current,
    pinned: pin?.version,
  });
  if (!(await registry.putHistoryState(state, before?.at))) return;
  if (finished) await registry.putHistoryMinute(finished);
  await registry.putEvents(events);
}
