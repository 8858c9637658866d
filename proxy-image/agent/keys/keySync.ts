import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KeyFile } from "../../../functions/domain/keys/keyFile";
import { keyFileOf } from "../../../functions/domain/keys/keyFileOf";
import type { ReleaseFiles } from "../../../functions/domain/release";
import type { Registry } from "../../../functions/ports/registry";
import { Backoff } from "../backoff";
import { getOverSocket } from "../controlClient";
import type { Logger } from "../logs/logger";
import { StateLog } from "../logs/stateLog";
import { sleep, withTimeLimit } from "../wait";

/** A key that comes or goes is in force 5 s later: one look of this age, one that fails, and the time of both. */
const longestPauseMs = 2_000;
const registryLimitMs = 1_500;
const nginxLimitMs = 1_000;
/** What changed is read again for so long: in a replicated table the version may be there before the key. */
const settlingMs = 10_000;
/** And now and then in any case: who changes a key may end before the version is written. */
const rereadMs = 60_000;
const outagePauseMs = 2_000;

export interface KeySyncOptions {
  registry: Pick<Registry, "listKeys" | "keysVersion">;
  runDirectory: string;
  controlSocket: string;
  intervalMs: number;
  logger: Logger;
}

/**
 * Brings the keys of callers from the registry to nginx and the socket gateway, as long as the release in force asks for keys. They read
 * `keys.json` in the run directory, which holds hashes only; it stays there, so that a task that starts again serves without the registry.
 */
export class KeySync {
  readonly #options: KeySyncOptions;
  readonly #state: StateLog;
  readonly #path: string;
  readonly #stop = new AbortController();
  #isRunning = false;
  /** A release that asks for keys is in force, or about to be. */
  #isWanted = false;
  /** The release in force asks for keys. */
  #isRequired = false;
  /** Of what is on disk; undefined while nothing is. */
  #onDisk: string | undefined;
  /** What nginx has taken over. */
  #inForce: string | undefined;
  /** Of the registry's list as it was read last, and when that was. */
  #registryVersion: string | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #changedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: KeySyncOptions) {
    this.#options = options;
    this.#state = new StateLog(options.logger, "registry of keys");
    this.#path = join(options.runDirectory, "keys.json");
  }

  /** False while callers can only be told to come back later. */
  get isReady(): boolean {
    return !this.#isRequired || this.#onDisk !== undefined;
  }

  /** To be called with each release before nginx runs it: the keys that it asks for are there, if they can be had. */
  async prepare(files: ReleaseFiles): Promise<void> {
    if (this.#isWanted || !asksForKeys(files)) return;
    this.#isWanted = true;
    this.#onDisk ??= await this.#versionOnDisk();
    this.#readAtMs = Number.NEGATIVE_INFINITY;
    await this.#look().catch((error: unknown) => this.#state.failed(error));
    if (!this.#isRunning) void this.#run();
  }

  /** To be called with each release that nginx runs. */
  inForce(files: ReleaseFiles): void {
    this.#isRequired = asksForKeys(files);
    this.#isWanted = this.#isRequired;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Ends when no release asks for keys any more. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    const intervalMs = Math.min(this.#options.intervalMs, longestPauseMs);
    const { signal } = this.#stop;
    const backoff = new Backoff(intervalMs, Math.max(intervalMs, outagePauseMs));
    let pauseMs = intervalMs;
    while (!signal.aborted && this.#isWanted) {
      try {
        await this.#look();
        this.#state.worked();
        backoff.reset();
        pauseMs = intervalMs;
      } catch (error) {
        this.#state.failed(error);
        pauseMs = backoff.next();
      }
      await this.#handOver();
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
    this.#isRunning = false;
  }

  /** Asks for the version, and for the keys when it has changed. */
  async #look(): Promise<void> {
    const { registry } = this.#options;
    const version = await withTimeLimit(registry.keysVersion(), registryLimitMs, "the registry");
    const nowMs = performance.now();
    if (version !== this.#registryVersion) this.#changedAtMs = nowMs;
    const isSettled = nowMs - this.#changedAtMs > settlingMs;
    if (isSettled && nowMs - this.#readAtMs < rereadMs) return;
    const file = keyFileOf(await withTimeLimit(registry.listKeys(), registryLimitMs, "the registry"));
    this.#registryVersion = version;
    this.#readAtMs = nowMs;
    if (file.version !== this.#onDisk) await this.#save(file);
    else if (isSettled) this.#inForce = undefined;
  }

  async #save(file: KeyFile): Promise<void> {
    const part = `${this.#path}.part`;
    await writeFile(part, JSON.stringify(file), { mode: 0o600 });
    await rename(part, this.#path);
    this.#onDisk = file.version;
    this.#options.logger.info({ keys: file.keys.length }, "keys of callers changed");
  }

  /** Without an answer (nginx may be starting, or not ask for keys yet) it is done again. */
  async #handOver(): Promise<void> {
    if (this.#onDisk === undefined || this.#inForce === this.#onDisk) return;
    try {
      const { status, body } = await getOverSocket(this.#options.controlSocket, "/keys", nginxLimitMs);
      if (status === 200) this.#inForce = (JSON.parse(body) as KeyFile).version;
      else if (status >= 500) this.#options.logger.warn({ status }, "nginx can't read the keys");
    } catch (error) {
      this.#options.logger.debug({ err: error }, "nginx can't be told the keys");
    }
  }

  async #versionOnDisk(): Promise<string | undefined> {
    try {
      return (JSON.parse(await readFile(this.#path, "utf8")) as KeyFile).version;
    } catch {
      return undefined; // not there, or not whole
    }
  }
}

function asksForKeys(files: ReleaseFiles): boolean {
  try {
    const pool = JSON.parse(files["pool.json"]) as { admission?: { requiresKey?: unknown } };
    return pool.admission?.requiresKey === true;
  } catch {
    return false;
  }
}
