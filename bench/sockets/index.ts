import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { renderRelease } from "../../functions/domain/render/renderRelease";
import { ensureNginx } from "../../local/nginx/ensureNginx";
import { buildSockets } from "../../proxy-image/build";
import { Nginx, template } from "../../tests/support/nginx";
import { until } from "../../tests/support/poll";
import { poolOf } from "../../tests/support/pool";
import { freePorts } from "../../tests/support/ports";
import type { ClientsCommand } from "./clients";

const idleSockets = 5_000;
const receivers = 1_000;
const heads = 40;
const pauseMs = 100;

/** What is promised. */
const socketsLimits = { kilobytesPerSocket: 20, p99Ms: 50 };

interface SocketsFigures {
  name: string;
  /** Growth of the resident set of the process that holds the sockets, per idle socket; undefined where there is none of ours. */
  kilobytesPerSocket: number | undefined;
  /** From the node's first send to the arrival at a receiver, over all receivers and heads. */
  p50Ms: number;
  p99Ms: number;
  /** Median over the heads of each head's p99: what another program that takes the CPU for a moment does not change. */
  typicalP99Ms: number;
  worstMs: number;
  /** CPU time that a head for all receivers costs, in ms: of the gateway process or the node that sends, and of nginx. */
  senderCpuMs: number;
  nginxCpuMs: number;
  /** Sockets that the node has to hold for it. */
  upstreamSockets: number;
}

/** A process that answers each message with one. */
class Helper {
  constructor(readonly process: ChildProcess) {}

  static start(file: string): Helper {
    return new Helper(fork(path.join(__dirname, file), { execArgv: ["--require", "tsx/cjs"] }));
  }

  async ask(message: ClientsCommand | "head"): Promise<Record<string, unknown>> {
    const answered = once(this.process, "message") as Promise<[Record<string, unknown>]>;
    this.process.send(message);
    const [answer] = await answered;
    if (answer.failed) throw new Error(String(answer.failed));
    return answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }
}

/** 5,000 idle sockets and 1,000 that receive each head: through the gateway, and passed straight through to the node by nginx. */
async function benchSockets(report: (line: string) => void): Promise<SocketsFigures[]> {
  const upstream = Helper.start("upstream.ts");
  const [{ port }] = (await once(upstream.process, "message")) as [{ port: number }];
  const clients = Helper.start("clients.ts");
  try {
    const figures = [await throughGateway(port, upstream, clients, report)];
    figures.push(await straight(port, upstream, clients, report));
    return figures;
  } finally {
    await Promise.all([clients.stop(), upstream.stop()]);
  }
}

async function throughGateway(
  port: number,
  upstream: Helper,
  clients: Helper,
  report: (line: string) => void,
): Promise<SocketsFigures> {
  const input = poolOf([{ url: `http://127.0.0.1:${port}/`, wsUrl: `ws://127.0.0.1:${port}/` }]);
  const nginx = await Nginx.start(input, { workers: 2 });
  const release = path.join(nginx.runDirectory, "releases", "1-1");
  mkdirSync(release, { recursive: true });
  writeFileSync(path.join(release, "pool.json"), renderRelease(template, input)["pool.json"]);
  symlinkSync(release, path.join(nginx.runDirectory, "current"));
  const gateway = spawn(process.execPath, [await buildSockets(path.join(nginx.runDirectory, "sockets.js"))], {
    env: {
      ...process.env,
      RUN_DIRECTORY: nginx.runDirectory,
      MAX_SOCKETS_PER_CLIENT: "20000",
      // The clients of this bench answer no pings.
      SOCKET_PING_SECONDS: "3600",
    },
    stdio: ["pipe", "inherit", "inherit"],
  });
  try {
    await until(async () => (await nginx.get("/metrics")).text.includes("gateway_sockets"), {
      what: "the gateway serves",
    });
    // What a first few thousand leave behind is not the cost of a socket.
    await clients.ask({ do: "open", port: nginx.port, count: 1_000, subscribe: false });
    await clients.ask({ do: "close" });
    await settled();
    const before = residentKilobytes(gateway.pid!);
    await clients.ask({ do: "open", port: nginx.port, count: idleSockets, subscribe: false });
    await settled();
    const kilobytesPerSocket = (residentKilobytes(gateway.pid!) - before) / idleSockets;
    report(`${idleSockets} idle sockets: ${kilobytesPerSocket.toFixed(1)} kB each in the gateway`);
    await clients.ask({ do: "open", port: nginx.port, count: receivers, subscribe: true });
    const latencies = await sendHeads(upstream, clients, gateway.pid!, () => nginx.workerPids());
    await clients.ask({ do: "close" });
    return { name: "gateway", kilobytesPerSocket, ...latencies, upstreamSockets: 1 };
  } finally {
    const ended = once(gateway, "exit");
    gateway.kill("SIGKILL");
    await ended;
    await nginx.stop();
  }
}

async function straight(
  port: number,
  upstream: Helper,
  clients: Helper,
  report: (line: string) => void,
): Promise<SocketsFigures> {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-"));
  const [listen] = await freePorts(1);
  const { command } = await ensureNginx(() => {});
  const [program, ...leading] = command;
  const file = path.join(folder, "nginx.conf");
  const user = process.getuid?.() === 0 ? "user root;" : "";
  writeFileSync(
    file,
    `${user} daemon off; worker_processes 2; pid ${folder}/pid; error_log stderr warn; events { worker_connections 16384; }
     http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
       uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
       server { listen 127.0.0.1:${listen} backlog=4096; location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1;
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_read_timeout 600s; } } }`,
  );
  const nginx = spawn(program!, [...leading, "-c", file, "-e", "stderr"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  try {
    await until(() => readFileSync(`${folder}/pid`, "utf8") !== "", { what: "nginx starts" });
    await settled();
    await clients.ask({ do: "open", port: listen!, count: idleSockets, subscribe: false });
    await clients.ask({ do: "open", port: listen!, count: receivers, subscribe: true });
    report("the same, passed straight through");
    const workers = () =>
      readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, "utf8").trim().split(" ");
    const latencies = await sendHeads(upstream, clients, upstream.process.pid!, () => workers().map(Number));
    await clients.ask({ do: "close" });
    return {
      name: "nginx, straight to the node",
      kilobytesPerSocket: undefined,
      ...latencies,
      upstreamSockets: idleSockets + receivers,
    };
  } finally {
    const ended = once(nginx, "exit");
    nginx.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sendHeads(upstream: Helper, clients: Helper, sender: number, workers: () => number[]) {
  const latencies: number[] = [];
  const p99s: number[] = [];
  let cpuBefore = [0, 0];
  const cpu = () => [cpuMs([sender]), cpuMs(workers())];
  for (let head = -3; head < heads; head++) {
    if (head === 0) cpuBefore = cpu();
    await clients.ask({ do: "arm" });
    const { startedAt } = (await upstream.ask("head")) as { startedAt: number };
    const { arrivals, closed } = (await clients.ask({ do: "arrivals" })) as {
      arrivals: number[];
      closed: number;
    };
    if (closed > 0) throw new Error(`${closed} sockets were closed`);
    // The first few warm up.
    const passed = arrivals.map((at) => at - startedAt).sort((a, b) => a - b);
    if (head >= 0) {
      latencies.push(...passed);
      p99s.push(share(passed, 0.99));
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const [senderCpuMs = 0, nginxCpuMs = 0] = cpu().map((ms, index) => (ms - cpuBefore[index]!) / heads);
  for (const list of [latencies, p99s]) list.sort((a, b) => a - b);
  return {
    p50Ms: share(latencies, 0.5),
    p99Ms: share(latencies, 0.99),
    typicalP99Ms: share(p99s, 0.5),
    worstMs: share(latencies, 1),
    senderCpuMs,
    nginxCpuMs,
  };
}

/** The value below which this share of a sorted list lies. */
function share(sorted: number[], of: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))]!;
}

/** CPU time of processes until now. */
function cpuMs(pids: number[]): number {
  const millisecondsPerTick = 10;
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
  }, 0);
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2_000));
}

function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** The figures as a Markdown table. */
function socketsTable(figures: SocketsFigures[]): string {
  const rows = figures.map(
    ({
      name,
      kilobytesPerSocket,
      p50Ms,
      p99Ms,
      typicalP99Ms,
      worstMs,
      senderCpuMs,
      nginxCpuMs,
      upstreamSockets,
    }) =>
      `| ${name} | ${kilobytesPerSocket?.toFixed(1) ?? "–"} | ${p50Ms.toFixed(1)} | ${p99Ms.toFixed(1)} | ${typicalP99Ms.toFixed(1)} | ${worstMs.toFixed(1)} | ${senderCpuMs.toFixed(1)} | ${nginxCpuMs.toFixed(1)} | ${upstreamSockets} |`,
  );
  return [
    "| | kB per idle socket | head p50 ms | head p99 ms | p99 of the median head ms | worst ms | CPU ms of the sender per head | CPU ms of nginx per head | sockets at the node |",
    "|---|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** Measures, prints the table, and writes it to docs/bench-sockets.md. */
export async function runSocketsBench(): Promise<void> {
  const figures = await benchSockets((line) => process.stdout.write(`  ${line}\n`));
  const table = socketsTable(figures);
  process.stdout.write(`${table}\n`);
  const own = figures[0]!;
  const kept =
    (own.kilobytesPerSocket ?? 0) < socketsLimits.kilobytesPerSocket &&
    own.typicalP99Ms < socketsLimits.p99Ms;
  if (!kept) process.stdout.write("  Beyond what is promised.\n");
  writeFileSync(
    path.join(__dirname, "../../docs/bench-sockets.md"),
    `# WebSockets: memory and fan-out

${idleSockets.toLocaleString("en")} idle sockets and ${receivers.toLocaleString("en")} that receive each of ${heads} heads, on one machine with 2 cores that node, proxy and clients
share: through the gateway (nginx, then the gateway process), and by nginx alone that passes each socket straight through to the node. Memory
is that of the gateway process; latency is from the node's first send to the arrival at a client. Whatever else the machine does meanwhile shows
in the p99 over all heads, hardly in that of the median head, and not in the CPU time. Promised: less than ${socketsLimits.kilobytesPerSocket} kB for a socket, a p99 below
${socketsLimits.p99Ms} ms. Written by \`npm run bench\`.

${table}
`,
  );
}

if (require.main === module) {
  runSocketsBench().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
  });
}
