import { evaluate as judge } from "../domain/evaluate";
import type { NodeState, ProbeResult } from "../domain/verdict";
import type { Log } from "../ports/log";
import type { ReleaseStore } from "../ports/releaseStore";
import { countSpent } from "./countSpent";
import { type DesiredReleaseDependencies, desiredRelease } from "./desiredRelease";
import { isStored } from "./storedRelease";

export interface EvaluateDependencies extends DesiredReleaseDependencies {
  releaseStore: ReleaseStore;
  log: Log;
}

export interface EvaluateInput {
  startedAt: string;
  /** What each batch's probes returned; a failed batch has none. */
  batches: { results: ProbeResult[] }[];
}

/** Judges a run, writes what it found, and says whether a release is due. */
export function evaluate(dependencies: EvaluateDependencies) {
  const { registry, settings, log } = dependencies;
  return async ({ startedAt, batches }: EvaluateInput): Promise<{ changed: boolean }> => {
    const [table, nodes, states, references] = await Promise.all([
      dependencies.networks(),
      registry.listNodes(),
      registry.listStates(),
      registry.listReferences(),
    ]);
    const probes = batches.flatMap((batch) => batch.results);
    const probed = probes.map(({ nodeId }) => nodeId);
    const spent = await countSpent(dependencies, { at: startedAt, nodes, probed });
    const found = judge({
      networks: table.networks,
      nodes,
      states,
      references,
      probes,
      spent,
      settings,
      now: startedAt,
    });
    const { refused } = await registry.putStates(
      found.states.filter((state) => state.checkedAt === startedAt),
    );
    await Promise.all(found.references.map((reference) => registry.putReference(reference)));
    logChanges(log, states, found.states, new Set(refused));
    return { changed: await isReleaseDue(dependencies) };
  };
}

/**
 * Whether what should run differs from what is in force: after a change of health, but also of nodes and settings, and after
 * a publication that failed or did not reach the store.
 */
async function isReleaseDue(dependencies: EvaluateDependencies): Promise<boolean> {
  const { registry } = dependencies;
  const [pin, current] = await Promise.all([registry.pinnedRelease(), registry.currentRelease()]);
  if (!current) return true;
  const desired = pin ?? (await desiredRelease(dependencies));
  return current.sha256 !== desired.sha256 || !(await isStored(dependencies.releaseStore, current));
}

function logChanges(log: Log, before: NodeState[], after: NodeState[], refused: Set<string>): void {
  const previous = new Map(before.map((state) => [state.nodeId, state]));
  for (const state of after) {
    const was = previous.get(state.nodeId);
    if (was?.healthy === state.healthy || refused.has(state.nodeId)) continue;
    const { nodeId, network, reason, height, lag } = state;
    const message = state.healthy ? "Node is healthy" : "Node is unhealthy";
    log.info({ nodeId, network, reason, height, lag }, message);
  }
}
