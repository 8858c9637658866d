import { redactText } from "../domain/redact";
import type { ReleaseFiles, ReleaseRecord } from "../domain/release";
import type { Log } from "../ports/log";
import type { Registry } from "../ports/registry";
import { ReleaseFormatError, type ReleaseStore } from "../ports/releaseStore";

export interface PinnedReleaseDependencies {
  registry: Registry;
  releaseStore: ReleaseStore;
  log: Log;
}

/**
 * Content of the release that an operator went back to; undefined when there is none. A pin whose release turned out to be bad,
 * or whose content is lost, is taken out: better the newest release than one that can't run.
 * @param releases the newest records
 */
export async function pinnedContent(
  { registry, releaseStore, log }: PinnedReleaseDependencies,
  releases: ReleaseRecord[],
): Promise<{ files: ReleaseFiles; sha256: string } | undefined> {
  const pin = await registry.pinnedRelease();
  if (!pin) return undefined;
  const isBad = releases.some(({ sha256, status }) => sha256 === pin.sha256 && status === "bad");
  const kept = isBad ? undefined : await readRelease({ releaseStore, log }, pin.version);
  if (kept?.sha256 === pin.sha256) return { files: kept.files, sha256: kept.sha256 };
  log.warn({ version: pin.version, isBad }, "The pinned release can't be used: it is pinned no longer");
  await registry.pinRelease(undefined);
  return undefined;
}

/** Not being able to ask is no reason to unpin: then the run fails and the next one asks again. */
async function readRelease(
  { releaseStore, log }: Pick<PinnedReleaseDependencies, "releaseStore" | "log">,
  version: number,
) {
  try {
    return await releaseStore.getRelease(version);
  } catch (error) {
    if (!(error instanceof ReleaseFormatError)) throw error;
    log.warn({ version, reason: redactText(error.message) }, "The pinned release can't be read");
    return undefined;
  }
}
