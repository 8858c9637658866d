import type { Release } from "../domain/release";

export type ReleaseLookup =
  | { status: "unchanged" }
  | { status: "absent" }
  | { status: "found"; release: Release; etag: string };

/** What lies under a release's key is not a release that this version knows. Says nothing of its content: it is secret. */
export class ReleaseFormatError extends Error {
  override readonly name = "ReleaseFormatError";
}

/** Where releases are kept (S3). Each version under its own key, a copy of the one in force under `current.json`. */
export interface ReleaseStore {
  putRelease(release: Release): Promise<void>;
  /** Copies a stored version to `current.json`. */
  setCurrent(release: Release): Promise<void>;
  /** @throws ReleaseFormatError */
  getRelease(version: number): Promise<Release | undefined>;
  /**
   * @param etag of the copy the caller has: nothing is downloaded when it is still the one.
   * @throws ReleaseFormatError
   */
  getCurrent(etag?: string): Promise<ReleaseLookup>;
}
