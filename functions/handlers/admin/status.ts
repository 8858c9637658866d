import type { AdminDependencies } from "./dependencies";
import { toBackend, toReleaseView, toTaskView } from "./presentation";

const releasesShown = 10;

/** Everything the operator wants to see at once: `GET /status`, and what the page is made of. */
export async function readStatus({ registry, networks, clock, deployer, settings }: AdminDependencies) {
  const [table, nodes, states, references, current, releases, tasks, pin, service] = await Promise.all([
    networks(),
    registry.listNodes(),
    registry.listStates(),
    registry.listReferences(),
    registry.currentRelease(),
    registry.listReleases(releasesShown),
    registry.listTasks(),
    registry.pinnedRelease(),
    // ECS may be out of reach while the rest is worth seeing.
    deployer?.describe().catch(() => undefined),
  ]);
  const stateOf = new Map(states.map((state) => [state.nodeId, state]));
  const backends = nodes.map((node) => toBackend(node, stateOf.get(node.id)));
  return {
    at: clock.now().toISOString(),
    last_health_check:
      states
        .map((state) => state.checkedAt)
        .sort()
        .at(-1) ?? null,
    networks: table.networks.map(({ name, chainId }) => {
      const members = backends.filter((backend) => backend.network === name);
      return {
        name,
        chain_id: chainId,
        is_default: name === table.defaultNetwork,
        reference_height: references.find((reference) => reference.network === name)?.height ?? null,
        nodes: members.length,
        healthy_nodes: members.filter((backend) => backend.is_healthy).length,
      };
    }),
    nodes: backends,
    release: current ? toReleaseView(current) : null,
    /** Version that an operator went back to; nothing newer is published until that is taken back. */
    pinned_version: pin?.version ?? null,
    releases: releases.map(toReleaseView),
    tasks: tasks.map((task) => toTaskView(task, current)),
    /** Whether callers need a key, and what a key that says nothing about it may do. */
    keys: {
      required: settings.requireKeys,
      rate_per_second: settings.keyRatePerSecond === 0 ? null : settings.keyRatePerSecond,
      burst: settings.keyBurst,
    },
    service: service
      ? {
          desired_tasks: service.desiredTasks,
          running_tasks: service.runningTasks,
          deployment_in_progress: service.deploymentInProgress,
        }
      : null,
  };
}

export type Status = Awaited<ReturnType<typeof readStatus>>;
