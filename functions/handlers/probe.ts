import type { RegisteredNode } from "../domain/node";
import type { Settings } from "../domain/settings";
import type { ProbeResult } from "../domain/verdict";
import type { NodeProber } from "../ports/nodeProber";
import type { Registry } from "../ports/registry";

export interface ProbeDependencies {
  registry: Registry;
  prober: NodeProber;
  settings: Pick<Settings, "probeTimeoutSeconds">;
}

/** Looks at all nodes of a batch at once. Nodes that have been removed meanwhile are left out. */
export function probe({ registry, prober, settings }: ProbeDependencies) {
  const timeoutMs = settings.probeTimeoutSeconds * 1000;
  const look = async (node: RegisteredNode): Promise<ProbeResult> => {
    try {
      return await prober.probe(node, timeoutMs);
    } catch {
      // A prober doesn't throw. If it does, one node must not take the batch with it.
      return { nodeId: node.id, ok: false, reason: "bad_response", latencyMs: 0 };
    }
  };
  return async ({ nodeIds }: { nodeIds: string[] }): Promise<{ results: ProbeResult[] }> => {
    const nodes = await registry.getNodes(nodeIds);
    return { results: await Promise.all(nodes.map(look)) };
  };
}
