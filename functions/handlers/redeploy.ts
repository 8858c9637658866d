import { redactText } from "../domain/redact";
import { newRefusals, staleTasks } from "../domain/rollout";
import type { Settings } from "../domain/settings";
import type { Log } from "../ports/log";
import type { ReleaseStore } from "../ports/releaseStore";
import type { ServiceDeployer } from "../ports/serviceDeployer";
import { type RecordHistoryDependencies, recordHistory } from "./recordHistory";
import { repairStored } from "./storedRelease";

export interface RedeployDependencies extends RecordHistoryDependencies {
  releaseStore: ReleaseStore;
  deployer: ServiceDeployer;
  settings: Pick<Settings, "rollout" | "rolloutGraceSeconds">;
  /** The registry's facts are shared by all regions. */
  region: string;
  log: Log;
}

/** What S3 sends; keys are form-encoded. */
export interface ReleaseStoredEvent {
  Records: { s3: { object: { key: string } } }[];
}

export interface RolloutOutcome {
  redeployed: boolean;
  /** Versions that have been found to be bad. */
  bad: number[];
}

const memory = 100;
const maxNoteLength = 500;

/** Called by S3 when a release has been stored, and at the end of each run to see after the rollout. */
export function redeploy(dependencies: RedeployDependencies) {
  return async (event: unknown): Promise<RolloutOutcome> =>
    isReleaseStored(event) ? afterStored(dependencies, event) : endRun(dependencies);
}

async function endRun(dependencies: RedeployDependencies): Promise<RolloutOutcome> {
  try {
    return await checkRollout(dependencies);
  } finally {
    // What can't be remembered must not keep tasks from being looked after.
    await recordHistory(dependencies).catch((error: unknown) =>
      dependencies.log.warn({ reason: redactText(String(error)) }, "History could not be written"),
    );
  }
}

function isReleaseStored(event: unknown): event is ReleaseStoredEvent {
  return typeof event === "object" && event !== null && Array.isArray((event as ReleaseStoredEvent).Records);
}

async function afterStored(
  { registry, deployer, settings, region, log }: RedeployDependencies,
  event: ReleaseStoredEvent,
): Promise<RolloutOutcome> {
  const nothing = { redeployed: false, bad: [] };
  if (!event.Records.some((record) => record.s3?.object?.key === "current.json")) return nothing;
  const [current, [newest]] = await Promise.all([registry.currentRelease(), registry.listReleases(1)]);
  log.info({ version: current?.version, rollout: settings.rollout }, "Release stored");
  if (settings.rollout !== "redeploy" || !current) return nothing;
  // Going back from a bad release needs no deployment: the tasks that refused it still run the good one.
  if (newest?.status === "bad") return nothing;
  // S3 may send an event twice, and a repair stores the same release again.
  const fact = `deployedRelease/${region}`;
  if ((await registry.getFact(fact)) === String(current.version)) return nothing;
  await deployer.forceNewDeployment(`release ${current.version}`);
  await registry.putFact(fact, String(current.version));
  return { redeployed: true, bad: [] };
}

async function checkRollout(dependencies: RedeployDependencies): Promise<RolloutOutcome> {
  const { registry, deployer, clock, settings, log } = dependencies;
  const bad = await markRefused(dependencies);
  const [tasks, current] = await Promise.all([registry.listTasks(), registry.currentRelease()]);
  if (current) await repairStored(dependencies, current);
  const { runningTasks, deploymentInProgress } = await deployer.describe();
  const rules = { now: clock.now(), graceSeconds: settings.rolloutGraceSeconds, runningTasks };
  const stale = staleTasks(tasks, current, rules);
  if (stale.length === 0 || deploymentInProgress) return { redeployed: false, bad };
  const taskIds = stale.map((task) => task.taskId);
  log.warn({ version: current?.version, taskIds }, "Tasks did not take the release: replacing them");
  await deployer.forceNewDeployment(`${taskIds.length} tasks did not take release ${current?.version}`);
  return { redeployed: true, bad };
}

async function markRefused({ registry, log }: RedeployDependencies): Promise<number[]> {
  const [tasks, releases] = await Promise.all([registry.listTasks(), registry.listReleases(memory)]);
  const refusals = newRefusals(tasks, releases);
  for (const { version, note } of refusals) {
    const shown = redactText(note).slice(0, maxNoteLength);
    log.error({ version, note: shown }, "Release is bad");
    await registry.markReleaseBad(version, shown);
  }
  return refusals.map(({ version }) => version);
}
