import { createHash } from "node:crypto";
import type { ApiKey } from "./apiKey";
import type { KeyEntry, KeyFile } from "./keyFile";

/** The file of these keys, in any order. */
export function keyFileOf(keys: ApiKey[]): KeyFile {
  const entries = [...keys].sort((a, b) => (a.id < b.id ? -1 : 1)).map(entryOf);
  const version = createHash("sha256").update(JSON.stringify(entries)).digest("hex").slice(0, 16);
  return { format: 1, version, keys: entries };
}

function entryOf({ expiresAt, whenCreated: _whenCreated, ...rest }: ApiKey): KeyEntry {
  return { ...rest, ...(expiresAt === undefined ? {} : { expiresAtMs: Date.parse(expiresAt) }) };
}
