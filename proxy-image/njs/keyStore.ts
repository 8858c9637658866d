// biome-ignore lint/style/useNodejsImportProtocol: these are modules of njs, not those of Node
import crypto from "crypto";
// biome-ignore lint/style/useNodejsImportProtocol: as above
import fs from "fs";
import type { KeyEntry, KeyFile } from "../../functions/domain/keys/keyFile";
import type { CallRate } from "../../functions/domain/render/poolFile";
import { keyCounters } from "./counters";
import { methodRule } from "./methodRule";
import type { Network } from "./types";

/** A key as this context knows it. */
export interface Key {
  id: string;
  /** What the access log says of its calls. */
  log: string;
  /** Name of what it has used up, in the dictionary of limits. */
  bucket: string;
  counters: ReturnType<typeof keyCounters>;
  rate: CallRate;
  expiresAtMs: number;
  networks: Set<string> | undefined;
  origins: Set<string> | undefined;
  isAllowed: ((method: string) => boolean) | undefined;
  /** Networks with only the methods it may call, by name. */
  narrowed: Map<string, Network>;
}

/**
 * Keys of callers in shared memory: the entry by the key's hash, the hash by the key's id, and the version of the file they are from.
 * The agent writes the file and has it read; the dictionary outlives reloads. After a start of nginx, whoever finds it empty fills it.
 */
let shared: NgxSharedDict<string> | undefined;
function dictionary(): NgxSharedDict<string> {
  shared ??= ngx.shared.keys as NgxSharedDict<string>;
  return shared;
}

const versionName = "version";
const all = 1_000_000;

/** Takes over the keys from the file, which the agent replaces as a whole. @throws when it is not there, or no longer what we know */
function takeOverKeys(path: string): string {
  const file = JSON.parse(fs.readFileSync(path, "utf8")) as KeyFile;
  if (file.format !== 1) throw new Error("keys.json has another format");
  const known = dictionary();
  const entries = new Map<string, string>();
  for (const { hash, ...entry } of file.keys) {
    entries.set(hash, JSON.stringify(entry));
    entries.set(entry.id, hash);
  }
  for (const name of known.keys(all)) {
    if (name !== versionName && !entries.has(name)) known.delete(name);
  }
  for (const [name, value] of entries) {
    if (known.get(name) !== value) known.set(name, value);
  }
  known.set(versionName, file.version);
  return file.version;
}

/** Handler for the agent: the file has changed. */
export function keys(r: NginxHTTPRequest): void {
  r.return(200, JSON.stringify({ version: takeOverKeys(r.variables.gateway_keys!) }));
}

/** What this context has found in the dictionary, by text or id, of the version below. */
const found = new Map<string, Key>();
let foundVersion: string | undefined;
const mostFound = 1000;

/** Whether the keys are known; brings what this context remembers up to date. */
export function knowsKeys(r: NginxHTTPRequest): boolean {
  let version = dictionary().get(versionName);
  if (version === undefined) {
    try {
      version = takeOverKeys(r.variables.gateway_keys!);
    } catch {
      return false;
    }
  }
  if (version !== foundVersion || found.size > mostFound) {
    found.clear();
    foundVersion = version;
  }
  return true;
}

/** Length and beginning are looked at first: strangers' texts are not worth a hash. */
const keyLength = 46;
const keyStart = "gw_";

/** The key with this text. @param usual rate of a key that names none */
export function keyOfText(text: string, usual: CallRate): Key | undefined {
  const known = found.get(text);
  if (known !== undefined) return known;
  if (text.length !== keyLength || !text.startsWith(keyStart)) return undefined;
  return remember(text, crypto.createHash("sha256").update(text).digest("hex"), usual);
}

/** The key with this id. */
export function keyOfId(id: string, usual: CallRate): Key | undefined {
  const hash = found.has(id) ? "" : dictionary().get(id);
  return found.get(id) ?? (hash === undefined ? undefined : remember(id, hash, usual));
}

/** Only what exists is remembered: guesses would fill the memory. */
function remember(given: string, hash: string, usual: CallRate): Key | undefined {
  const text = dictionary().get(hash);
  // The other entries are no objects.
  if (text === undefined || text.charCodeAt(0) !== 123) return undefined;
  const key = keyOf(JSON.parse(text) as Omit<KeyEntry, "hash">, usual);
  found.set(given, key);
  return key;
}

function keyOf(entry: Omit<KeyEntry, "hash">, usual: CallRate): Key {
  const { id, name, networks, origins, methods, ratePerSecond, burst, expiresAtMs } = entry;
  return {
    id,
    log: `"key":${JSON.stringify(name)},`,
    bucket: `k|${id}`,
    counters: keyCounters(id),
    rate: { perSecond: ratePerSecond ?? usual.perSecond, burst: burst ?? usual.burst },
    expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    networks: networks && new Set(networks),
    origins: origins && new Set(origins),
    isAllowed: methods && methodRule(["*"], methods),
    narrowed: new Map(),
  };
}

/** Name of the key with this id; undefined when it is revoked, or when keys are no longer asked for but their counts are still there. */
export function nameOfKey(id: string): string | undefined {
  if (ngx.shared.keys === undefined) return undefined;
  const hash = dictionary().get(id);
  const text = hash === undefined ? undefined : dictionary().get(hash);
  return text === undefined ? undefined : (JSON.parse(text) as KeyEntry).name;
}
