/** `keys.json` in a task's run directory: all keys, for the proxy's script and the socket gateway. Hashes, no texts. */
export interface KeyFile {
  format: 1;
  /** Differs whenever the keys do. */
  version: string;
  keys: KeyEntry[];
}

/** One key, with what is decided in each call. */
export interface KeyEntry {
  id: string;
  hash: string;
  name: string;
  networks?: string[];
  ratePerSecond?: number;
  burst?: number;
  /** Instant in ms from which on it is unknown. */
  expiresAtMs?: number;
  origins?: string[];
  methods?: string[];
}
