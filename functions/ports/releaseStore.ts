import type { Release } from "../domain/release";

export type ReleaseLookup =
  | { status: "unchanged" }
  | { status: "absent" }
  | { status: "found"; release: Release; etag: string };

/** Where releases are kept (S3). Each version under its own key, a copy of the one in force under `current.json`. */
export interface ReleaseStore {
  putRelease(release: Release): Promise<void>;
  /** Copies a stored version to `current.json`. */
  setCurrent(release: Release): Promise<void>;
  getRelease(version: number): Promise<Release | undefined>;
  /** @param etag of the copy the caller has: nothing is downloaded when it is still the one. */
  getCurrent(etag?: string): Promise<ReleaseLookup>;
}
