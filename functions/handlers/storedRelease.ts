import type { Release, ReleaseFiles, ReleaseRecord } from "../domain/release";
import type { Log } from "../ports/log";
import type { Registry } from "../ports/registry";
import { ReleaseFormatError, type ReleaseStore } from "../ports/releaseStore";

export interface StoredReleaseDependencies {
  registry: Registry;
  releaseStore: ReleaseStore;
  log: Log;
}

/** `current.json` is the release that the registry says is in force. */
export async function isStored(releaseStore: ReleaseStore, record: ReleaseRecord): Promise<boolean> {
  const stored = await releaseStore.getCurrent().catch(ifFormatError(undefined));
  return (
    stored?.status === "found" &&
    stored.release.version === record.version &&
    stored.release.sha256 === record.sha256
  );
}

/**
 * Puts right what a publisher that died half-way, or that was overtaken, left in the store.
 * @param rendered what should run: used if it is what the record is about and the record's object is not there. Without it
 * a missing object is left to the next render.
 */
export async function repairStored(
  dependencies: StoredReleaseDependencies,
  record: ReleaseRecord,
  rendered?: { files: ReleaseFiles; sha256: string },
): Promise<void> {
  const { registry, releaseStore, log } = dependencies;
  if (await isStored(releaseStore, record)) return;
  const kept = await releaseStore.getRelease(record.version).catch(ifFormatError(undefined));
  if (kept?.sha256 === record.sha256) {
    await releaseStore.setCurrent(kept);
  } else if (rendered?.sha256 === record.sha256) {
    await storeRelease(releaseStore, toRelease(record, rendered.files));
  } else if (rendered) {
    log.error({ version: record.version }, "The current release's object is lost");
    const next = await registry.markReleaseBad(record.version, "its object is lost");
    return next && repairStored(dependencies, next, rendered);
  } else {
    log.warn({ version: record.version }, "The current release is not stored yet");
    return;
  }
  log.info({ version: record.version }, "Repaired the stored release");
}

export async function storeRelease(releaseStore: ReleaseStore, release: Release): Promise<void> {
  await releaseStore.putRelease(release);
  await releaseStore.setCurrent(release);
}

export function toRelease(record: ReleaseRecord, files: ReleaseFiles): Release {
  const { version, sha256, publishedAt } = record;
  return { format: 1, version, sha256, publishedAt, files };
}

/** Something that is no release lies there: to be overwritten, not to be stumbled over. */
function ifFormatError<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof ReleaseFormatError) return value;
    throw error;
  };
}
