import { createHash } from "node:crypto";
import type { ApiKey } from "./apiKey";

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

/** The file of these keys, in any order. */
export function keyFileOf(keys: ApiKey[]): KeyFile {
  const entries = [...keys].sort((a, b) => (a.id < b.id ? -1 : 1)).map(entryOf);
  const version = createHash("sha256").update(JSON.stringify(entries)).digest("hex").slice(0, 16);
  return { format: 1, version, keys: entries };
}

function entryOf({ expiresAt, whenCreated: _whenCreated, ...rest }: ApiKey): KeyEntry {
  return { ...rest, ...(expiresAt === undefined ? {} : { expiresAtMs: Date.parse(expiresAt) }) };
}
