import type { NetworkTable } from "../domain/networkTable";
import type { Clock } from "../ports/clock";
import type { Registry } from "../ports/registry";

export interface ListNodesDependencies {
  registry: Registry;
  clock: Clock;
  networks: () => Promise<NetworkTable>;
}

/** What one run has to probe. Ids only: the workflow's state is logged and limited to 256 KiB. */
export interface RunPlan {
  /** ISO 8601 instant; stands in everything that the run writes. */
  startedAt: string;
  batches: { nodeIds: string[] }[];
}

/** Nodes that one Lambda probes at once. */
const batchSize = 50;

/** Divides the nodes of all known networks into batches. */
export function listNodes({ registry, clock, networks }: ListNodesDependencies) {
  return async (): Promise<RunPlan> => {
    const startedAt = clock.now().toISOString();
    const [table, nodes] = await Promise.all([networks(), registry.listNodes()]);
    const names = new Set(table.networks.map((network) => network.name));
    const ids = nodes.filter((node) => names.has(node.network)).map((node) => node.id);
    const batches: RunPlan["batches"] = [];
    for (let start = 0; start < ids.length; start += batchSize) {
      batches.push({ nodeIds: ids.slice(start, start + batchSize) });
    }
    return { startedAt, batches };
  };
}
