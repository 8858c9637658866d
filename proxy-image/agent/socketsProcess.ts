import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environmentName, taskSettingNames } from "../../functions/domain/settings";
import { Backoff } from "./backoff";
import { LineSplitter } from "./logs/lineSplitter";
import type { Logger } from "./logs/logger";
import { sleep, waitFor } from "./wait";

/** A gateway that lived at least this long is started again at once. */
const stableMs = 10_000;
/** What it may take to end after the time for its drain. */
const endMs = 1_000;
const longestLine = 4096;
/** A gateway that can't be made to listen keeps the task from serving HTTP no longer than this. */
const patienceMs = 10_000;

export interface SocketsProcessOptions {
  /** The bundled gateway. Where it is missing no WebSockets are served. */
  file: string;
  runDirectory: string;
  drainMs: number;
  /** File of certificate authorities, where the operator names one. */
  trustedCertificates?: string;
  logger: Logger;
  redact: (text: string) => string;
}

/** Keeps the socket gateway running. */
export class SocketsProcess {
  readonly #backoff = new Backoff(200, 5_000);
  #child: ChildProcess | undefined;
  #stopping = false;
  /** Instant up to which a task waits for it; undefined before its start. */
  #awaitedUntilMs: number | undefined;
  readonly #socket: string;

  constructor(private readonly options: SocketsProcessOptions) {
    this.#socket = join(options.runDirectory, "sockets.sock");
  }

  start(): void {
    const { file, logger } = this.options;
    this.#awaitedUntilMs = 0;
    if (!existsSync(file)) {
      logger.warn({ file }, "there is no socket gateway: WebSockets are not served");
      return;
    }
    // Of one that was killed: it would be taken for ours.
    rmSync(this.#socket, { force: true });
    this.#awaitedUntilMs = performance.now() + patienceMs;
    this.#launch();
  }

  /** False until sockets can be opened for the first time. That it is started again later on is no reason to take HTTP away too. */
  get isReady(): boolean {
    if (this.#awaitedUntilMs === undefined) return false;
    if (performance.now() < this.#awaitedUntilMs && !existsSync(this.#socket)) return false;
    this.#awaitedUntilMs = 0;
    return true;
  }

  /** Has it close its sockets, spread over the drain time, and ends it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || hasEnded(child)) return;
    child.kill("SIGTERM");
    if (await waitFor(async () => hasEnded(child), this.options.drainMs + endMs, 20)) return;
    this.options.logger.warn("the socket gateway does not end in time");
    child.kill("SIGKILL");
  }

  #launch(): void {
    const { file, logger, redact } = this.options;
    const startedAtMs = performance.now();
    // It ends when its standard input does, so that it never outlives an agent that was killed.
    const child = spawn(process.execPath, [file], {
      stdio: ["pipe", "ignore", "pipe"],
      env: environmentOf(this.options),
    });
    this.#child = child;
    const lines = new LineSplitter((line) => logger.warn(redact(line)), longestLine);
    child.stderr?.on("data", (chunk: Buffer) => lines.push(chunk));
    child.stdin?.on("error", () => {});
    let ended = false;
    const onEnd = (how: string) => {
      if (ended) return;
      ended = true;
      lines.flush();
      if (!this.#stopping) void this.#relaunch(how, performance.now() - startedAtMs);
    };
    child.once("error", (error) => onEnd(error.message));
    child.once("exit", (code, name) => onEnd(name ?? `exit status ${code}`));
    logger.info({ pid: child.pid }, "socket gateway started");
  }

  async #relaunch(how: string, livedMs: number): Promise<void> {
    this.options.logger.error({ how }, "the socket gateway ended by itself and is started again");
    if (livedMs >= stableMs) this.#backoff.reset();
    await sleep(livedMs >= stableMs ? 0 : this.#backoff.next());
    if (!this.#stopping) this.#launch();
  }
}

const inherited = ["PATH", "HOME", "TMPDIR", "LANG", ...taskSettingNames.map(environmentName)];

/** What the gateway needs to know: it deals with strangers, so it gets no credentials. */
function environmentOf({ runDirectory, trustedCertificates }: SocketsProcessOptions): NodeJS.ProcessEnv {
  const given = inherited.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(given),
    RUN_DIRECTORY: runDirectory,
    ...(trustedCertificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: trustedCertificates }),
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
