import { spawn } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Backoff } from "../backoff";
import { getOverSocket } from "../controlClient";
import type { LineSplitter } from "../logs/lineSplitter";
import type { Logger } from "../logs/logger";
import { waitFor } from "../wait";
import { memoryEnvironment } from "./memory";
import {
  childrenOf,
  hasWorkingDirectory,
  isShuttingDown,
  isWorker,
  nginxProcesses,
  type Process,
  signal,
} from "./processes";

const startLimitMs = 10_000;
const reloadLimitMs = 10_000;
/** Workers that outlived their master close their listening sockets within this time after QUIT. */
const leftoverLimitMs = 1_000;
/** A master that lived at least this long is restarted at once. */
const stableMs = 10_000;
/** Sockets of the agent and of the socket gateway, which live longer than an nginx. */
const othersSockets = ["agent.sock", "sockets.sock"];

export interface SupervisorOptions {
  command: readonly string[];
  runDirectory: string;
  controlSocket: string;
  errorLog: LineSplitter;
  logger: Logger;
}

/** Keeps one nginx master running, on the configuration that `current` in the run directory leads to. */
export class NginxSupervisor {
  readonly #options: SupervisorOptions;
  readonly #backoff = new Backoff(250, 4_000);
  #master: number | undefined;
  #upSince = 0;
  #stopping = false;
  /** A start or restart that is under way; never rejects. */
  #underWay: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Process number of the master that serves; undefined while there is none. */
  get master(): number | undefined {
    return this.#master;
  }

  get isRunning(): boolean {
    return this.#master !== undefined;
  }

  /** Starts nginx. @throws when it is not serving in time; it is then not running */
  start(): Promise<void> {
    const started = this.#start();
    this.#underWay = started.catch(() => {});
    return started;
  }

  async #start(): Promise<void> {
    const { command, runDirectory, errorLog, logger } = this.#options;
    await this.#removeLeftoverFiles();
    if (this.#stopping) throw new Error("nginx is not to start any more");
    const [file = "", ...args] = command;
    // A process group of its own: a terminal's Ctrl-C is for the agent, which drains first. And what is left of
    // a dead master can be told by its group.
    const child = spawn(file, [...args, ...nginxArguments(runDirectory, activeConfiguration(runDirectory))], {
      detached: true,
      cwd: runDirectory,
      env: { ...process.env, ...memoryEnvironment },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.on("data", (chunk: Buffer) => errorLog.push(chunk));
    let ended: string | undefined;
    child.once("error", (error) => {
      ended = error.message;
    });
    child.once("exit", (code, name) => {
      ended = name ?? `exit status ${code}`;
    });
    const up = await waitFor(
      async () => ended !== undefined || this.#stopping || (await this.#readMaster()),
      startLimitMs,
    );
    if (ended !== undefined || typeof up !== "number") {
      if (child.pid !== undefined) await killAll(child.pid);
      throw new Error(
        `nginx did not start: ${ended ?? (this.#stopping ? "it is not to" : "it does not answer")}`,
      );
    }
    this.#master = up;
    this.#upSince = performance.now();
    child.once("exit", (code, name) => this.#onExit(name ?? `exit status ${code}`));
    logger.info({ pid: up }, "nginx started");
  }

  /** Workers of the running master. */
  async workers(): Promise<Process[]> {
    if (this.#master === undefined) return [];
    return (await childrenOf(this.#master)).filter(isWorker);
  }

  /**
   * Makes nginx take the configuration anew and waits until workers of the new generation serve and those of the old one
   * take nothing new.
   * @returns false when that did not happen: the old workers serve on
   */
  async reload(): Promise<boolean> {
    if (!(await this.#waitUntilRunning())) return false;
    const master = this.#master;
    if (master === undefined) return false;
    const before = new Set((await this.workers()).map(({ pid }) => pid));
    signal(master, "SIGHUP");
    const inForce = await waitFor(
      async () => {
        if (this.#master !== master) return "restarted";
        const workers = await this.workers();
        const isNew = workers.some((worker) => !before.has(worker.pid) && !isShuttingDown(worker));
        const isOldGone = workers.every((worker) => !before.has(worker.pid) || isShuttingDown(worker));
        return isNew && isOldGone ? "reloaded" : undefined;
      },
      reloadLimitMs,
      25,
    );
    // A master that died meanwhile is started again on the new configuration.
    return inForce === "reloaded" || (inForce === "restarted" && (await this.#waitUntilRunning()));
  }

  /** Makes nginx open its log files anew. */
  reopenLogs(): void {
    if (this.#master !== undefined) signal(this.#master, "SIGUSR1");
  }

  /** Ends nginx: lets it finish what it does for `graceMs`, then insists. Resolves when nothing is left. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#underWay;
    const master = this.#master;
    if (master === undefined) return;
    const isGone = async () => (await nginxProcesses(master)).length === 0;
    signal(master, "SIGQUIT");
    if (await waitFor(isGone, graceMs, 25)) return;
    signal(master, "SIGTERM");
    if (await waitFor(isGone, 1_000, 25)) return;
    await killAll(master);
  }

  /** Takes down an nginx that a dead agent left behind in this run directory. */
  async removeOrphan(): Promise<void> {
    const pid = Number(await readFile(this.#pidFile, "utf8").catch(() => ""));
    if (!Number.isSafeInteger(pid) || pid <= 1) return;
    // By now the number may belong to another program: ours have this working directory.
    const ours: Process[] = [];
    for (const found of await nginxProcesses(pid)) {
      if (await hasWorkingDirectory(found.pid, this.#options.runDirectory)) ours.push(found);
    }
    if (ours.length === 0) return;
    this.#options.logger.warn({ pid }, "taking down the nginx of an agent that is gone");
    for (const process of ours) signal(process.pid, "SIGTERM");
    await waitFor(async () => (await nginxProcesses(pid)).length === 0, 2_000, 25);
    await killAll(pid);
  }

  /** nginx does not listen on a socket's path that exists. */
  async #removeLeftoverFiles(): Promise<void> {
    const { runDirectory, controlSocket } = this.#options;
    const sockets = (await readdir(runDirectory)).filter(
      (name) => name.endsWith(".sock") && !othersSockets.includes(name),
    );
    for (const name of sockets) await rm(join(runDirectory, name), { force: true });
    await rm(controlSocket, { force: true });
    await rm(this.#pidFile, { force: true });
  }

  get #pidFile(): string {
    return join(this.#options.runDirectory, "nginx.pid");
  }

  /** The master's process number, once it serves. */
  async #readMaster(): Promise<number | undefined> {
    const pid = Number(await readFile(this.#pidFile, "utf8").catch(() => ""));
    if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
    const answer = await getOverSocket(this.#options.controlSocket, "/nginx", 500).catch(() => undefined);
    return answer?.status === 200 ? pid : undefined;
  }

  async #waitUntilRunning(): Promise<boolean> {
    return (await waitFor(async () => this.isRunning, startLimitMs)) ?? false;
  }

  #onExit(how: string): void {
    const master = this.#master;
    this.#master = undefined;
    if (this.#stopping || master === undefined) return;
    this.#options.logger.error({ how }, "nginx died");
    this.#underWay = this.#restart(master).catch((error: unknown) =>
      this.#options.logger.fatal({ err: error }, "nginx can't be restarted"),
    );
  }

  async #restart(oldMaster: number): Promise<void> {
    const wasStable = performance.now() - this.#upSince >= stableMs;
    if (wasStable) this.#backoff.reset();
    await this.#retireLeftovers(oldMaster);
    for (let pauseMs = wasStable ? 0 : this.#backoff.next(); ; pauseMs = this.#backoff.next()) {
      await waitFor(async () => this.#stopping, pauseMs, 50);
      if (this.#stopping) return;
      try {
        return await this.#start();
      } catch (error) {
        if (!this.#stopping) this.#options.logger.error({ err: error }, "nginx restart failed");
      }
    }
  }

  /**
   * A killed master leaves its workers running, with the listening sockets: they are told to finish their calls and to
   * let go of the sockets, or the new master could not listen.
   */
  async #retireLeftovers(master: number): Promise<void> {
    for (const { pid } of await nginxProcesses(master)) signal(pid, "SIGQUIT");
    await waitFor(async () => (await nginxProcesses(master)).every(isShuttingDown), leftoverLimitMs, 10);
    for (const process of await nginxProcesses(master)) {
      if (!isShuttingDown(process)) signal(process.pid, "SIGKILL");
    }
  }
}

/** Kills a master, its children, and what is left of its group: also those that it started meanwhile. */
async function killAll(master: number): Promise<void> {
  await waitFor(
    async () => {
      const processes = await nginxProcesses(master);
      for (const { pid } of processes) signal(pid, "SIGKILL");
      return processes.length === 0;
    },
    2_000,
    10,
  );
}

/** Where the installer puts the configuration in force. */
export function activeConfiguration(runDirectory: string): string {
  return join(runDirectory, "current", "nginx.conf");
}

/** `-e stderr` also before the configuration is read: the default error log may not be writable. */
export function nginxArguments(runDirectory: string, configurationPath: string): string[] {
  return ["-p", runDirectory, "-e", "stderr", "-c", configurationPath];
}
