import type { Release, ReleaseFiles, ReleaseRecord } from "../domain/release";
import type { Log } from "../ports/log";
import type { Registry } from "../ports/registry";
import type { ReleaseStore } from "../ports/releaseStore";

export interface StoredReleaseDependencies {
  registry: Registry;
  releaseStore: ReleaseStore;
  log: Log;
}

/** `current.json` is the release that the registry says is in force. */
export async function isStored(releaseStore: ReleaseStore, record: ReleaseRecord): Promise<boolean> {
  const stored = await releaseStore.getCurrent().catch((error: unknown) => {
    // Something that is no release lies there: to be overwritten, not to be stumbled over.
    if ((error as Error).name === "ReleaseFormatError") return undefined;
    throw error;
  });
  return (
    stored?.status === "found" &&
    stored.release.version === record.version &&
    stored.release.sha256 === record.sha256
  );
}

/**
 * Puts right what a publisher that died half-way, or that was overtaken, left in the store.
 * @param known files that the caller has rendered, with their hash: used if they are the record's and its object is lost
 */
export async function repairStored(
  { registry, releaseStore, log }: StoredReleaseDependencies,
  record: ReleaseRecord,
  known?: { files: ReleaseFiles; sha256: string },
): Promise<void> {
  if (await isStored(releaseStore, record)) return;
  const kept = await releaseStore.getRelease(record.version).catch(() => undefined);
  if (kept?.sha256 === record.sha256) {
    await releaseStore.setCurrent(kept);
  } else if (known?.sha256 === record.sha256) {
    await storeRelease(releaseStore, toRelease(record, known.files));
  } else {
    log.error({ version: record.version }, "The current release's object is lost");
    const next = await registry.markReleaseBad(record.version, "its object is lost");
    if (next) await repairStored({ registry, releaseStore, log }, next, known);
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
