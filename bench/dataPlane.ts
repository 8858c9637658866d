import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import autocannon from "autocannon";
import { ensureNginx } from "../local/nginx/ensureNginx";
import { Nginx } from "../tests/support/nginx";
import { until } from "../tests/support/poll";
import { poolOf } from "../tests/support/pool";
import { freePorts } from "../tests/support/ports";

const connections = 32;
const rounds = 10;
const secondsPerRound = 1.5;
/** Calls per second at which latencies are compared: well below what either can do. */
const fixedRate = 2000;

export interface DataPlaneFigures {
  name: string;
  /** CPU of the worker per request, median over the rounds. */
  microsecondsPerRequest: number;
  /** Median over the rounds of the ratio to bare proxy_pass in the same round. */
  ratio: number;
  p50Ms: number;
  p99Ms: number;
}

interface Target {
  name: string;
  url: string;
  pids(): number[];
}

/**
 * CPU per request and latency of our proxy and of a bare `proxy_pass`, in the same run, in front of the same upstream: an nginx that
 * returns a fixed answer. Rounds take turns and are compared pairwise, because the machine's speed changes from second to second.
 */
export async function benchDataPlane(report: (line: string) => void): Promise<DataPlaneFigures[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-"));
  const [upstreamPort, barePort] = await freePorts(2);
  const upstream = await startPlain(folder, "upstream", upstreamConfiguration(upstreamPort!));
  const bare = await startPlain(folder, "bare", bareConfiguration(barePort!, upstreamPort!));
  const url = `http://127.0.0.1:${upstreamPort}/`;
  const one = await Nginx.start(poolOf([{ url }], defaults));
  const three = await Nginx.start(poolOf([{ url }, { url: `${url}2` }, { url: `${url}3` }], defaults));
  try {
    const targets: Target[] = [
      { name: "bare proxy_pass", url: `http://127.0.0.1:${barePort}/`, pids: () => workersOf(bare) },
      { name: "gateway, 1 node", url: one.url, pids: () => one.workerPids() },
      { name: "gateway, 3 nodes", url: three.url, pids: () => three.workerPids() },
    ];
    const costs = new Map<Target, number[]>(targets.map((target) => [target, []]));
    for (const target of targets) await cost(target);
    for (let round = 0; round < rounds; round++) {
      for (const target of targets) costs.get(target)?.push(await cost(target));
      report(
        targets.map((target) => `${target.name} ${costs.get(target)?.at(-1)?.toFixed(1)} µs`).join(", "),
      );
    }
    const figures: DataPlaneFigures[] = [];
    const bareCosts = costs.get(targets[0]!)!;
    for (const target of targets) {
      const own = costs.get(target)!;
      const { p50, p99 } = await latencies(target);
      figures.push({
        name: target.name,
        microsecondsPerRequest: median(own),
        ratio: median(own.map((value, index) => value / bareCosts[index]!)),
        p50Ms: p50,
        p99Ms: p99,
      });
    }
    return figures;
  } finally {
    await one.stop();
    await three.stop();
    await Promise.all([upstream, bare].map(stopPlain));
    rmSync(folder, { recursive: true, force: true });
  }
}

const defaults = { attemptTimeoutSeconds: 4, callTimeoutSeconds: 12 };

/** CPU time of a target's workers per request under full load, in µs. */
async function cost(target: Target): Promise<number> {
  const before = cpuMicroseconds(target.pids());
  const result = await load(target, { duration: secondsPerRound });
  return (cpuMicroseconds(target.pids()) - before) / result.requests.total;
}

async function latencies(target: Target): Promise<{ p50: number; p99: number }> {
  const result = await load(target, { duration: 4, overallRate: fixedRate });
  return { p50: result.latency.p50, p99: result.latency.p99 };
}

let address = 0;
async function load(
  target: Target,
  options: { duration: number; overallRate?: number },
): Promise<autocannon.Result> {
  const result = await autocannon({
    url: target.url,
    connections,
    method: "POST",
    headers: { "content-type": "application/json" },
    // Another address in each call: nothing may be answered from a cache or joined with another call.
    setupClient: (client) => {
      const next = () => client.setBody(body(address++));
      next();
      client.on("response", next);
    },
    ...options,
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${target.name}: ${result.non2xx} bad answers, ${result.errors} errors`);
  }
  return result;
}

function body(index: number): string {
  const account = `0x${index.toString(16).padStart(40, "0")}`;
  return `{"jsonrpc":"2.0","id":${index},"method":"eth_getBalance","params":["${account}","latest"]}`;
}

/** CPU time that processes have used so far, in µs. */
function cpuMicroseconds(pids: number[]): number {
  return pids.reduce(
    (sum, pid) => sum + Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1000,
    0,
  );
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function workersOf(child: ChildProcess): number[] {
  return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ").map(Number);
}

async function startPlain(folder: string, name: string, http: string): Promise<ChildProcess> {
  const { command } = await ensureNginx(() => {});
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`)
    .join(" ");
  const file = path.join(folder, `${name}.conf`);
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log stderr warn;
     events { worker_connections 4096; }
     http { ${temporary} access_log off; keepalive_requests 1000000; ${http} }`,
  );
  const [program, ...leading] = command;
  const child = spawn(program!, [...leading, "-c", file, "-e", "stderr"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await until(() => workersOf(child)[0]! > 0, { what: `${name} starts` });
  return child;
}

async function stopPlain(child: ChildProcess): Promise<void> {
  const left = once(child, "exit");
  child.kill("SIGTERM");
  await left;
}

const upstreamConfiguration = (port: number) => `
  server { listen 127.0.0.1:${port}; default_type application/json;
    location / { return 200 '{"jsonrpc":"2.0","id":1,"result":"0x1a055690d9db80000"}'; } }`;

const bareConfiguration = (port: number, upstreamPort: number) => `
  upstream node { zone node 64k; server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://node; proxy_http_version 1.1; proxy_set_header Connection ""; } }`;
