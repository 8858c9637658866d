import type { ReleaseRecord } from "../domain/release";
import type { Clock } from "../ports/clock";
import type { Log } from "../ports/log";
import type { ReleaseStore } from "../ports/releaseStore";
import { type DesiredReleaseDependencies, desiredRelease } from "./desiredRelease";
import { pinnedContent } from "./pinnedRelease";
import { repairStored, storeRelease, toRelease } from "./storedRelease";

export interface RenderDependencies extends DesiredReleaseDependencies {
  releaseStore: ReleaseStore;
  clock: Clock;
  log: Log;
}

export interface RenderOutcome {
  published: boolean;
  /** In force afterwards; absent when every release so far is bad. */
  version?: number;
}

/** Other runs publish too; whoever loses looks again, so the last one knows all. */
const attempts = 5;
/** How far back a release is known to be bad. */
const memory = 100;

/**
 * Publishes what should run, if it is not what is in force and not known to be bad: first in the registry, where only one
 * of several runs can win, then in the store. Whatever it finds half done there, it repairs.
 */
export function render(dependencies: RenderDependencies) {
  const { registry } = dependencies;
  return async (): Promise<RenderOutcome> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const outcome = await tryOnce(dependencies);
      if (outcome) return outcome;
    }
    // The next health check sees that a release is due.
    return { published: false, version: (await registry.currentRelease())?.version };
  };
}

async function tryOnce(dependencies: RenderDependencies): Promise<RenderOutcome | undefined> {
  const { registry, clock, log } = dependencies;
  // The pointer is read before the content: what is published on top of it is never older than it.
  const [current, releases] = await Promise.all([registry.currentRelease(), registry.listReleases(memory)]);
  const desired = (await pinnedContent(dependencies, releases)) ?? (await desiredRelease(dependencies));
  const bad = releases.find((release) => release.sha256 === desired.sha256 && release.status === "bad");
  if (current?.sha256 === desired.sha256 || bad) {
    if (bad) log.warn({ version: bad.version, note: bad.note }, "What should run is known to be bad");
    if (current) await repairStored(dependencies, current, desired);
    return { published: false, version: current?.version };
  }
  const record: ReleaseRecord = {
    version: (releases[0]?.version ?? 0) + 1,
    sha256: desired.sha256,
    publishedAt: clock.now().toISOString(),
    status: "good",
  };
  if (!(await registry.publishRelease(record, current?.version))) return undefined;
  await storeRelease(dependencies.releaseStore, toRelease(record, desired.files));
  log.info({ version: record.version, sha256: record.sha256 }, "Release published");
  await putRightIfOvertaken(dependencies, record);
  return { published: true, version: record.version };
}

/** A slow publisher may have put its release over a newer one. */
async function putRightIfOvertaken(dependencies: RenderDependencies, mine: ReleaseRecord): Promise<void> {
  const current = await dependencies.registry.currentRelease();
  if (current && current.version !== mine.version) await repairStored(dependencies, current);
}
