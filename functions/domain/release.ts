/** Files of a release by name: `nginx.conf` (with `{{placeholders}}` that the agent fills in) and `pool.json`. */
export interface ReleaseFiles {
  "nginx.conf": string;
  "pool.json": string;
}

/** One rendered proxy configuration. Contains whole provider URLs: secret. */
export interface Release {
  /** Shape of this object; an agent leaves a format it does not know alone. */
  format: 1;
  /** Rises by one. */
  version: number;
  /** Hex sha256 of `files` (names and bytes, sorted by name), so independent of version and time. */
  sha256: string;
  /** ISO 8601 instant. */
  publishedAt: string;
  files: ReleaseFiles;
}

type ReleaseStatus = "good" | "bad";

/** What the registry knows of a release: no content, no secrets. */
export interface ReleaseRecord {
  version: number;
  sha256: string;
  publishedAt: string;
  status: ReleaseStatus;
  /** Why it is bad, as the agent reported it (redacted), or what caused it. */
  note?: string;
}

/** An operator went back to this release: its content is what should run until that is taken back. */
export interface ReleasePin {
  version: number;
  sha256: string;
  /** ISO 8601 instant. */
  pinnedAt: string;
}
