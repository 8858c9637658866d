import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../support/poll";
import { freePorts } from "../support/ports";

const project = path.resolve(__dirname, "../..");

export interface RunOptions {
  environment?: Record<string, string>;
  dataDirectory: string;
  port: number;
  adminPort: number;
  /** `npm start`, or what it executes. */
  by?: "npm" | "node";
  arguments?: string[];
}

/** What a run needs of its own. */
export async function newPlace(): Promise<Pick<RunOptions, "dataDirectory" | "port" | "adminPort">> {
  const [port, adminPort] = (await freePorts(2)) as [number, number];
  return { dataDirectory: await mkdtemp(path.join(tmpdir(), "run-")), port, adminPort };
}

export async function removePlace({ dataDirectory }: { dataDirectory: string }): Promise<void> {
  await rm(dataDirectory, { recursive: true, force: true });
}

/** One run, in a process group of its own as a terminal would give it. */
export class LocalRun {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(readonly options: RunOptions) {
    const { by = "node", environment, port, adminPort, dataDirectory } = options;
    const extra = options.arguments ?? [];
    const [command, args] =
      by === "npm"
        ? ["npm", ["start", ...(extra.length > 0 ? ["--", ...extra] : [])]]
        : [process.execPath, ["local/start.cjs", ...extra]];
    this.#child = spawn(command, args, {
      cwd: project,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HEALTH_CHECK_INTERVAL_SECONDS: "1",
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        DATA_DIR: dataDirectory,
        // Handed on to every process, so that what is left of a run can be told.
        HOME: dataDirectory,
        ...environment,
      },
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.ended = once(this.#child, "exit").then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.#child.pid!;
  }
  get url(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }
  get adminUrl(): string {
    return `http://127.0.0.1:${this.options.adminPort}`;
  }
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until it serves. */
  async serving(): Promise<this> {
    await until(() => !this.isRunning || this.stdout.includes('"gateway serves"'), {
      what: "the gateway serves",
      deadlineMs: 60_000,
    });
    assert.ok(this.isRunning, `it ended:\n${this.stdout}\n${this.stderr}`);
    return this;
  }

  /**
   * What still runs of it, however it was started: all of it has our data directory in its environment. A dead process
   * that nobody has waited for yet has none.
   */
  leftovers(): string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => read(`/proc/${pid}/environ`).includes(this.options.dataDirectory))
      .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").slice(0, 200)}`);
  }

  /** Sends signals as a terminal (to the group), a supervisor (to the first process) or both do. */
  signal(signal: NodeJS.Signals, to: "first" | "group" | "both" = "first"): void {
    if (to !== "first") process.kill(-this.pid, signal);
    if (to !== "group") process.kill(this.pid, signal);
  }

  /** Asks it to end and tells how long that took. */
  async stop(signal: NodeJS.Signals = "SIGTERM", to: "first" | "group" | "both" = "first") {
    const started = Date.now();
    this.signal(signal, to);
    const code = await this.ended;
    return { code, ms: Date.now() - started };
  }

  async rpc<T>(method: string, params: unknown[] = []): Promise<T> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const answer = (await response.json()) as { result?: T; error?: unknown };
    assert.ok("result" in answer, `${method}: ${JSON.stringify(answer.error)}`);
    return answer.result as T;
  }

  async backends(): Promise<Backend[]> {
    return (await fetch(`${this.adminUrl}/backends`)).json() as Promise<Backend[]>;
  }

  async status(): Promise<{ release: { version: number } | null; nodes: Backend[] }> {
    const response = await fetch(`${this.adminUrl}/status`);
    return response.json() as Promise<{ release: { version: number } | null; nodes: Backend[] }>;
  }
}

export interface Backend {
  id: string;
  url: string;
  network: string;
  is_leader: boolean;
  is_healthy: boolean;
  reason: string | null;
  lag: number | null;
  in_pool: boolean;
  source: string;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
