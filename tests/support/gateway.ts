import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Backend } from "../../functions/handlers/admin/presentation";
import type { Status } from "../../functions/handlers/admin/status";
import { until } from "./poll";
import { freePorts } from "./ports";

const projectDirectory = path.resolve(__dirname, "../..");

/** The whole gateway as `npm start` runs it, in a process of its own, off a terminal, with a data directory of its own. */
export class Gateway {
  #output = "";
  #child: ChildProcess | undefined;

  private constructor(
    readonly dataDirectory: string,
    readonly port: number,
    readonly adminPort: number,
    readonly environment: Record<string, string>,
  ) {}

  /** Starts it and waits until it serves (`untilReady: false`: until the admin API answers). */
  static async start(environment: Record<string, string>, { untilReady = true } = {}): Promise<Gateway> {
    const [port, adminPort] = (await freePorts(2)) as [number, number];
    const dataDirectory = await mkdtemp(path.join(tmpdir(), "gateway-"));
    const gateway = new Gateway(dataDirectory, port, adminPort, environment);
    await gateway.launch({ untilReady });
    return gateway;
  }

  /** Starts the process (again, on the same data). */
  async launch({ untilReady = true } = {}): Promise<void> {
    const child = spawn(process.execPath, ["local/start.cjs"], {
      cwd: projectDirectory,
      env: {
        ...process.env,
        HEALTH_CHECK_INTERVAL_SECONDS: "1",
        PROBE_TIMEOUT_SECONDS: "0.5",
        ...this.environment,
        PORT: String(this.port),
        ADMIN_PORT: String(this.adminPort),
        DATA_DIR: this.dataDirectory,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => this.#keep(chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#keep(chunk));
    await until(
      async () => {
        if (child.exitCode !== null) return true;
        const pages = untilReady ? [`${this.url}/health`, `${this.url}/ready`] : [`${this.adminUrl}/status`];
        const answers = await Promise.all(pages.map((page) => fetch(page)));
        return answers.every(({ status }) => status === 200);
      },
      { what: "the gateway answers", deadlineMs: 60_000, everyMs: 100 },
    );
    if (child.exitCode !== null) throw new Error(`The gateway ended with ${child.exitCode}:\n${this.output}`);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get adminUrl(): string {
    return `http://127.0.0.1:${this.adminPort}`;
  }
  get pid(): number {
    return this.#child!.pid!;
  }
  /** Everything it wrote to stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  /** The newest lines of its log, requests left out. */
  get events(): string {
    return this.#output
      .split("\n")
      .filter((line) => !line.includes('"requestId"'))
      .slice(-60)
      .join("\n");
  }

  async status(): Promise<Status> {
    const answer = await fetch(`${this.adminUrl}/status`);
    if (!answer.ok) throw new Error(`/status answered ${answer.status}`);
    return (await answer.json()) as Status;
  }

  /** Changes a node through the admin API. */
  async change(nodeId: string, changes: { weight?: number; monthly_credits?: number }): Promise<void> {
    const answer = await fetch(`${this.adminUrl}/backends/${nodeId}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(changes),
    });
    if (!answer.ok) throw new Error(`PATCH answered ${answer.status}: ${await answer.text()}`);
  }

  /** The node with this URL's host and port. */
  async node(url: string): Promise<Backend | undefined> {
    const { host } = new URL(url);
    return (await this.status()).nodes.find((node) => node.url.includes(host));
  }

  async rpc(method: string, params: unknown[] = [], path = "/"): Promise<{ status: number; text: string }> {
    const answer = await fetch(this.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  /** Sends a signal to the process and waits for its end. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    child.kill(signal);
    await once(child, "exit");
    return child.exitCode;
  }

  async stop(): Promise<void> {
    await this.end();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }

  #keep(chunk: Buffer): void {
    // The end is what explains a failure; a soak writes more than a test should hold.
    this.#output = (this.#output + chunk.toString()).slice(-20_000_000);
  }
}
