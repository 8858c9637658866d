import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../support/poll";
import { freePorts } from "../support/ports";
import { descendants } from "../support/processes";

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
  #seen = new Set<number>();

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
    this.notePids();
    return this;
  }

  /** Everything that runs below it now is remembered for `leftovers`. */
  notePids(): number[] {
    const pids = [this.pid, ...descendants(this.pid).map((one) => one.pid)];
    for (const pid of pids) this.#seen.add(pid);
    return pids;
  }

  /** Those of the remembered processes that still run. A dead one that nobody has waited for yet does not. */
  leftovers(): string[] {
    return [...this.#seen].filter(runs).map((pid) => `${pid} ${commandOf(pid)}`);
  }

  /** Sends signals as a terminal (to the group), a supervisor (to the first process) or both do. */
  signal(signal: NodeJS.Signals, to: "first" | "group" | "both" = "first"): void {
    this.notePids();
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

function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) ? readFileSync(file, "utf8").replaceAll("\0", " ").slice(0, 200) : "";
}
