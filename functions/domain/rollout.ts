import type { ReleaseRecord } from "./release";
import type { TaskHeartbeat } from "./task";

/** A release that a task refused, with its (redacted) complaint. */
export interface Refusal {
  version: number;
  note: string;
}

/** Refusals of releases that are not marked bad yet, one a version. */
export function newRefusals(tasks: TaskHeartbeat[], releases: ReleaseRecord[]): Refusal[] {
  const good = new Set(releases.filter((release) => release.status === "good").map((r) => r.version));
  const refusals = new Map<number, Refusal>();
  for (const { badRelease } of tasks) {
    if (badRelease && good.has(badRelease.version)) refusals.set(badRelease.version, badRelease);
  }
  return [...refusals.values()];
}

export interface RolloutRules {
  now: Date;
  graceSeconds: number;
  /** Tasks that the service counts: silent ones are believed to live if it counts as many as have reported. */
  runningTasks: number;
}

/** A task that says nothing for this long may be dead; its last word is not the truth any more. */
const silentAfterMs = 60_000;

/**
 * Tasks that should have taken the current release and did not: they started before it was published, its grace is over,
 * and they report neither it nor that it is bad. One that started later is not helped by being replaced.
 */
export function staleTasks(
  tasks: TaskHeartbeat[],
  current: ReleaseRecord | undefined,
  rules: RolloutRules,
): TaskHeartbeat[] {
  if (!current || current.status === "bad") return [];
  const publishedMs = Date.parse(current.publishedAt);
  if (rules.now.getTime() - publishedMs <= rules.graceSeconds * 1000) return [];
  const silentLive = rules.runningTasks >= tasks.length;
  return tasks.filter((task) => {
    if (task.draining || task.releaseVersion === current.version) return false;
    if (task.badRelease?.version === current.version || Date.parse(task.startedAt) >= publishedMs)
      return false;
    return silentLive || rules.now.getTime() - Date.parse(task.reportedAt) <= silentAfterMs;
  });
}
