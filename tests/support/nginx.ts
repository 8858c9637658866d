import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http, { type Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ReleaseFiles } from "../../functions/domain/release";
import { fillPlaceholders } from "../../functions/domain/render/placeholders";
import { type RenderInput, renderRelease } from "../../functions/domain/render/renderRelease";
import { ensureNginx } from "../../local/nginx/ensureNginx";
import { memoryEnvironment } from "../../proxy-image/agent/nginx/memory";
import { buildNjs } from "../../proxy-image/njs/build";
import { until } from "./poll";
import { freePorts } from "./ports";

export const template = readFileSync(path.join(__dirname, "../../proxy-image/nginx.conf.ejs"), "utf8");

let njs: Promise<string> | undefined;
/** The script, bundled once per test process. */
export function njsDirectory(): Promise<string> {
  njs ??= buildNjs(mkdtempSync(path.join(tmpdir(), "njs-"))).then((folder) => {
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  });
  return njs;
}

/** Parsed JSON to look into: what is not there is undefined, and comparing it says so. */
export interface Json {
  readonly [member: string]: Json;
  readonly jsonrpc: Json;
  readonly id: Json;
  readonly result: Json;
  readonly error: Json;
  readonly code: Json;
  readonly message: Json;
  readonly requestsByStatus: Json;
  readonly callsByNode: Json;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  json: Json;
}

const systemCertificates = "/etc/ssl/certs/ca-certificates.crt";

export interface NginxOptions {
  workers?: number;
  /** How the run directory's name begins; when given, the script is put into it. */
  folder?: string;
  trustedCertificates?: string;
  callsInFlight?: number;
  /** Folder with another `main.js` than that of the sources. */
  script?: string;
}

/** A real nginx with the real template and script; stands in for the agent. */
export class Nginx {
  private child: ChildProcess | undefined;
  private generation = 0;
  private agentSocket: http.Server | undefined;
  agentStatus = 200;
  private errorLogText = "";
  private command: string[] = [];
  private module = "";

  private constructor(
    readonly port: number,
    private readonly workers: number,
    readonly runDirectory: string,
    private readonly njsFolder: string,
    private readonly trustedCertificates: string,
    private readonly callsInFlight: number,
  ) {}

  static async start(input: RenderInput | ReleaseFiles, options: NginxOptions = {}): Promise<Nginx> {
    const [port] = await freePorts(1);
    const { workers = 1, folder = "gw-", trustedCertificates = systemCertificates } = options;
    const { callsInFlight = 1024 } = options;
    const runDirectory = mkdtempSync(path.join(tmpdir(), folder));
    let njsFolder = options.script ?? (await njsDirectory());
    if (options.folder !== undefined) {
      cpSync(njsFolder, path.join(runDirectory, "n js"), { recursive: true });
      njsFolder = path.join(runDirectory, "n js");
    }
    const nginx = new Nginx(port!, workers, runDirectory, njsFolder, trustedCertificates, callsInFlight);
    const { command, module } = await ensureNginx(() => {});
    nginx.command = command;
    nginx.module = module;
    nginx.agentSocket = http.createServer((_request, response) => {
      response.statusCode = nginx.agentStatus;
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
    nginx.agentSocket.listen(path.join(nginx.runDirectory, "agent.sock"));
    await nginx.install(input);
    nginx.spawn();
    try {
      await until(async () => (await nginx.get("/health")).status === 200, { what: "nginx answers /health" });
    } catch (cause) {
      const log = nginx.errorLogText;
      await nginx.stop();
      throw new Error(`nginx did not start:\n${log}`, { cause });
    }
    return nginx;
  }

  /** Writes a release into the run directory, as the agent does before `nginx -t`. */
  private async install(input: RenderInput | ReleaseFiles): Promise<void> {
    const files = "nginx.conf" in input ? input : renderRelease(template, input);
    this.generation++;
    const poolFile = path.join(this.runDirectory, `pool-${this.generation}.json`);
    writeFileSync(poolFile, files["pool.json"]);
    const configuration = fillPlaceholders(files["nginx.conf"], {
      runDirectory: this.runDirectory,
      njsDirectory: this.njsFolder,
      poolFile,
      nginxModule: this.module,
      port: this.port,
      resolver: "127.0.0.1",
      trustedCertificates: this.trustedCertificates,
      version: this.generation,
      generation: this.generation,
      instance: "0123456789ab",
      workers: this.workers,
      callsInFlight: this.callsInFlight,
      contextsKept: this.callsInFlight,
      ...(process.getuid?.() === 0 ? { user: "root" } : {}),
    });
    writeFileSync(path.join(this.runDirectory, "nginx.conf"), configuration);
  }

  private spawn(): void {
    const [program, ...leading] = this.command;
    const child = spawn(
      program!,
      [...leading, "-c", path.join(this.runDirectory, "nginx.conf"), "-e", "stderr"],
      {
        env: { ...process.env, ...memoryEnvironment },
        stdio: ["ignore", "inherit", "pipe"],
      },
    );
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.errorLogText += text;
    });
    this.child = child;
  }

  /**
   * Puts another release in force, as the agent does. Resolves when the new workers have started and those before take no more
   * connections: nginx lets both take them for a tenth of a second.
   */
  async reload(input: RenderInput | ReleaseFiles): Promise<void> {
    await this.install(input);
    const before = this.workerPids();
    this.child!.kill("SIGHUP");
    const { generation } = this;
    await until(
      async () =>
        (await this.control("/metrics")).text.includes(`gateway_configuration_generation ${generation}\n`),
      { what: `generation ${generation} serves` },
    );
    await until(() => before.every((pid) => !/worker process$/.test(titleOf(pid))), {
      what: `the workers before generation ${generation} are on their way out`,
    });
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** Process ids of the workers, those on their way out included. */
  workerPids(): number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").trim();
    return children === "" ? [] : children.split(" ").map(Number);
  }

  get errorLog(): string {
    return this.errorLogText;
  }

  /** The access log, once it has so many lines: it is written once a second. */
  accessLog(lines: number): Promise<Record<string, unknown>[]> {
    const file = path.join(this.runDirectory, "access.log");
    const read = () => {
      const found = readFileSync(file, "utf8").split("\n").filter(Boolean);
      return found.length >= lines
        ? found.map((line) => JSON.parse(line) as Record<string, unknown>)
        : undefined;
    };
    return until(read, { what: `${lines} lines in the access log`, deadlineMs: 5000 });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Sends a body as it is (a string) or as JSON. */
  post(
    body: unknown,
    options: { path?: string; headers?: Record<string, string>; agent?: Agent } = {},
  ): Promise<Answer> {
    return this.send(
      "POST",
      options.path ?? "/",
      typeof body === "string" ? body : JSON.stringify(body),
      options,
    );
  }

  get(where: string): Promise<Answer> {
    return this.send("GET", where);
  }

  /** Asks at the agent's socket. */
  control(where: string): Promise<Answer> {
    return send({ socketPath: path.join(this.runDirectory, "control.sock"), path: where, method: "GET" });
  }

  send(
    method: string,
    where: string,
    body?: string,
    { headers = {}, agent }: { headers?: Record<string, string>; agent?: Agent } = {},
  ): Promise<Answer> {
    return send(
      {
        host: "127.0.0.1",
        port: this.port,
        path: where,
        method,
        agent: agent ?? false,
        headers: { "content-type": "application/json", ...headers },
      },
      body,
    );
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      const left = once(child, "exit");
      child.kill("SIGTERM");
      await left;
    }
    this.agentSocket?.closeAllConnections();
    this.agentSocket?.close();
    rmSync(this.runDirectory, { recursive: true, force: true });
  }

  /** For `afterEach`: shows what nginx complained about when the test has failed. */
  explain(test: { state?: string } | undefined): void {
    if (test?.state === "failed")
      process.stderr.write(`nginx's error log:\n${this.errorLogText.slice(-4000)}\n`);
    this.errorLogText = "";
  }
}

/** What nginx calls a process of its own ("… worker process is shutting down"); empty when it is gone. */
function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

function send(options: http.RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        let json: Json | undefined;
        try {
          json = JSON.parse(text) as Json;
        } catch {
          json = undefined;
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: json as Json });
      });
    });
    call.once("error", reject);
    call.end(body);
  });
}
