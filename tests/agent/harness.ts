import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent as HttpAgent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Release } from "../../functions/domain/release";
import type { TaskHeartbeat } from "../../functions/domain/task";
import { ensureNginx, type NginxInstallation } from "../../local/nginx/ensureNginx";
import { buildAgent } from "../../proxy-image/build";
import { type Emulators, startEmulators } from "../support/emulators";
import { until } from "../support/poll";
import { freePorts } from "../support/ports";
import { testFiles, testScript } from "./testRelease";

/** One line of the agent's stdout. */
export type LogLine = Record<string, unknown> & { msg?: string; level?: string };

/** The bundled agent, nginx and the emulators; made once for a suite. */
export class AgentBench {
  private constructor(
    readonly folder: string,
    readonly nginx: NginxInstallation,
    readonly emulators: Emulators,
    readonly agentFile: string,
  ) {}

  static async create(): Promise<AgentBench> {
    const folder = await mkdtemp(join(tmpdir(), "agent-"));
    await writeFile(join(folder, "main.js"), testScript);
    await writeFile(join(folder, "guard.js"), testScript);
    const [nginx, emulators, agentFile] = await Promise.all([
      ensureNginx(() => {}),
      startEmulators(),
      buildAgent(join(folder, "agent.js"), testFiles({ marker: "built-in" })),
    ]);
    return new AgentBench(folder, nginx, emulators, agentFile);
  }

  async close(): Promise<void> {
    await this.emulators.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A run directory, port and region (so that tests don't see each other's tasks) for one agent. */
  async task(name: string, environment: Record<string, string> = {}): Promise<AgentTask> {
    const runDirectory = await mkdtemp(join(this.folder, "run-"));
    const [port = 0] = await freePorts(1);
    return new AgentTask(this, name, port, runDirectory, environment);
  }

  async publish(release: Release): Promise<void> {
    await this.emulators.releaseStore().setCurrent(release);
  }
}

/** One agent process, which may be started again in the same run directory. */
export class AgentTask {
  readonly lines: LogLine[] = [];
  output = "";
  exitCode: number | null | undefined;
  agentFile: string;
  #child: ChildProcess | undefined;

  constructor(
    readonly bench: AgentBench,
    readonly name: string,
    readonly port: number,
    readonly runDirectory: string,
    readonly environment: Record<string, string>,
  ) {
    this.agentFile = bench.agentFile;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get fullEnvironment(): NodeJS.ProcessEnv {
    const { bench } = this;
    return {
      PATH: process.env.PATH,
      ...bench.emulators.environment,
      GATEWAY_REGION: this.name,
      TASK_ID: this.name,
      PORT: String(this.port),
      RUN_DIRECTORY: this.runDirectory,
      NGINX_COMMAND: JSON.stringify(bench.nginx.command),
      NGINX_MODULE: bench.nginx.module,
      NJS_DIRECTORY: bench.folder,
      RELEASE_POLL_SECONDS: "0.05",
      HEARTBEAT_SECONDS: "0.2",
      DRAIN_SECONDS: "5",
      ...this.environment,
    };
  }

  start(): this {
    this.exitCode = undefined;
    const child = spawn(process.execPath, [this.agentFile], {
      stdio: ["ignore", "pipe", "pipe"],
      env: this.fullEnvironment,
    });
    this.#child = child;
    let rest = "";
    const take = (chunk: Buffer) => {
      this.output += chunk.toString();
      const parts = (rest + chunk.toString()).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) this.lines.push(parse(line));
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("exit", (code) => {
      this.exitCode = code;
    });
    return this;
  }

  async startAndServe(text: string | RegExp): Promise<this> {
    this.start();
    await this.serves(text);
    await until(() => this.lines.some(({ msg }) => msg?.endsWith("in force")), {
      what: "the agent's word for it",
    });
    return this;
  }

  /** Nobody takes what the agent writes any more. */
  stopReading(): void {
    this.#child?.stdout?.pause();
  }

  /** Waits until `GET /` answers with this. */
  async serves(text: string | RegExp, deadlineMs = 10_000): Promise<void> {
    await until(
      async () => {
        if (this.exitCode !== undefined) throw new Error(`the agent ended: ${this.events()}`);
        const body = (await this.get("/")).body;
        if (typeof text === "string" ? body.startsWith(text) : text.test(body)) return true;
        throw new Error(`it serves ${body}`);
      },
      { what: `serving ${text}`, deadlineMs },
    );
  }

  /** One GET on a connection of its own, or on one of `agent`'s. */
  get(path: string, agent?: HttpAgent): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      request(
        {
          host: "127.0.0.1",
          port: this.port,
          path,
          agent: agent ?? new HttpAgent({ keepAlive: false }),
          timeout: 20_000,
        },
        (answer) => {
          let body = "";
          answer.setEncoding("utf8").on("data", (chunk: string) => {
            body += chunk;
          });
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body })).on("error", reject);
        },
      )
        .on("error", reject)
        .end();
    });
  }

  /** The load balancer's view; the agent notices a moment after its clients that nginx serves. */
  async isHealthy(deadlineMs = 2_000): Promise<void> {
    await until(async () => (await this.get("/health")).status === 200, {
      what: "health",
      deadlineMs,
    });
  }

  async heartbeat(): Promise<TaskHeartbeat | undefined> {
    const tasks = await this.bench.emulators.registry(this.name).listTasks();
    return tasks.find(({ taskId }) => taskId === this.name);
  }

  /** Waits until the heartbeat in the registry is so. */
  async reports(condition: (heartbeat: TaskHeartbeat) => boolean, what: string): Promise<TaskHeartbeat> {
    return until(
      async () => {
        const heartbeat = await this.heartbeat();
        if (heartbeat && condition(heartbeat)) return heartbeat;
        throw new Error(`the heartbeat is ${JSON.stringify(heartbeat)}`);
      },
      { what },
    );
  }

  async masterPid(): Promise<number> {
    return Number(await readFile(join(this.runDirectory, "nginx.pid"), "utf8"));
  }

  /** What the agent said, without the calls: for a test that failed. */
  events(): string {
    return this.lines
      .filter((line) => line.uri === undefined)
      .map((line) => JSON.stringify(line))
      .join("\n");
  }

  logged(msg: string): LogLine[] {
    return this.lines.filter((line) => line.msg === msg);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async ended(deadlineMs = 10_000): Promise<number | null> {
    await until(() => this.exitCode !== undefined, { what: "the agent's end", deadlineMs });
    return this.exitCode ?? null;
  }

  /** Ends the agent, whatever state a test left it in. */
  async stop(): Promise<void> {
    if (!this.#child || this.exitCode !== undefined) return;
    this.signal("SIGTERM");
    await this.ended().catch(() => this.signal("SIGKILL"));
  }
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: "not JSON", msg: line };
  }
}
