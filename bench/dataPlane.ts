import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import autocannon from "autocannon";
import { defaultSettings } from "../functions/domain/settings";
import { ensureNginx } from "../local/nginx/ensureNginx";
import { Nginx } from "../tests/support/nginx";
import { until } from "../tests/support/poll";
import { poolOf } from "../tests/support/pool";
import { freePorts } from "../tests/support/ports";
import { pacedLoad } from "./pacedLoad";

const connections = 32;
/** How often all processes are started anew, and rounds in turns of each start. */
const starts = 3;
const rounds = 4;
const secondsPerRound = 1.5;
/** Calls per second of the fixed load: well below what either can do. */
const fixedRate = 2000;
const fixedRounds = 2;
const secondsPerFixedRound = 3;

/** CPU of the worker per request in µs, over rounds that take turns with those of bare proxy_pass. */
export interface Cost {
  median: number;
  /** The round that other programs disturbed least. */
  least: number;
  /** Median over the rounds of the ratio to bare proxy_pass in the same round. */
  ratio: number;
  /** Ratio of the least disturbed rounds. */
  leastRatio: number;
}

export interface DataPlaneFigures {
  name: string;
  fullLoad: Cost;
  fixedLoad: Cost;
  /** At the fixed load: medians over the rounds. */
  p50Ms: number;
  p99Ms: number;
}

export interface Target {
  name: string;
  url: string;
  pids(): number[];
  /** The same call again and again, instead of another address in each. */
  repeats?: boolean;
}

/**
 * CPU per request and latency of our proxy and of a bare `proxy_pass`, in the same run, in front of the same upstream: an nginx that
 * returns a fixed answer. Rounds take turns and are compared pairwise, because the machine's speed changes from second to second.
 */
export async function benchDataPlane(report: (line: string) => void): Promise<DataPlaneFigures[]> {
  const all = { fixed: [] as Round[][], full: [] as Round[][] };
  let names: string[] = [];
  for (let start = 0; start < starts; start++) {
    await withTargets(async (targets) => {
      names = targets.map(({ name }) => name);
      // First, because the load after it leaves as many contexts behind as there were calls under way.
      const paced = { seconds: secondsPerFixedRound, perSecond: fixedRate };
      append(all.fixed, await inTurns(targets, fixedRounds, paced, report));
      append(all.full, await inTurns(targets, rounds, { seconds: secondsPerRound }, report));
    });
  }
  const [bareFull, bareFixed] = [all.full[0]!, all.fixed[0]!];
  return names.map((name, index) => ({
    name,
    fullLoad: costOf(all.full[index]!, bareFull),
    fixedLoad: costOf(all.fixed[index]!, bareFixed),
    p50Ms: median(all.fixed[index]!.map(({ p50 }) => p50)),
    p99Ms: median(all.fixed[index]!.map(({ p99 }) => p99)),
  }));
}

function append(all: Round[][], found: Round[][]): void {
  for (const [index, rounds] of found.entries()) all[index] = [...(all[index] ?? []), ...rounds];
}

/** New processes each time: where one comes to lie in memory changes what a call costs by some hundredths. */
async function withTargets(use: (targets: Target[]) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-"));
  const [upstreamPort, barePort, loggingPort] = await freePorts(3);
  const upstream = await startPlain(folder, "upstream", upstreamConfiguration(upstreamPort!));
  const bare = await startPlain(folder, "bare", bareConfiguration(barePort!, upstreamPort!));
  const logging = await startPlain(
    folder,
    "logging",
    `${logFormat(folder)} ${bareConfiguration(loggingPort!, upstreamPort!)}`,
  );
  const url = `http://127.0.0.1:${upstreamPort}/`;
  const one = await Nginx.start(poolOf([{ url }], defaults));
  const three = await Nginx.start(poolOf([{ url }, { url: `${url}2` }, { url: `${url}3` }], defaults));
  try {
    await use([
      { name: "bare proxy_pass", url: `http://127.0.0.1:${barePort}/`, pids: () => workersOf(bare) },
      {
        name: "bare proxy_pass that writes an access log",
        url: `http://127.0.0.1:${loggingPort}/`,
        pids: () => workersOf(logging),
      },
      { name: "gateway, 1 node", url: one.url, pids: () => one.workerPids() },
      { name: "gateway, 3 nodes", url: three.url, pids: () => three.workerPids() },
    ]);
  } finally {
    await one.stop();
    await three.stop();
    await Promise.all([upstream, bare, logging].map(stopPlain));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What tests switch off or make quick, as it is by default. */
export const defaults = defaultSettings("local");

export interface Round {
  /** CPU time of the target's workers per request, in µs. */
  cost: number;
  p50: number;
  p99: number;
}

/** @returns the rounds of each target */
export async function inTurns(
  targets: Target[],
  count: number,
  options: LoadOptions,
  report: (line: string) => void,
): Promise<Round[][]> {
  const all: Round[][] = targets.map(() => []);
  for (const target of targets) await measure(target, options);
  for (let round = 0; round < count; round++) {
    for (const [index, target] of targets.entries()) all[index]!.push(await measure(target, options));
    report(targets.map(({ name }, index) => `${name} ${all[index]!.at(-1)!.cost.toFixed(1)} µs`).join(", "));
  }
  return all;
}

async function measure(target: Target, { seconds, perSecond }: LoadOptions): Promise<Round> {
  const before = cpuMicroseconds(target.pids());
  const nextBody = () => body(target.repeats ? 0 : address++);
  const { requests, p50, p99 } =
    perSecond === undefined
      ? await fullLoad(target, seconds, nextBody)
      : await pacedLoad(target.url, perSecond, seconds, nextBody);
  return { cost: (cpuMicroseconds(target.pids()) - before) / requests, p50, p99 };
}

function costOf(own: Round[], bare: Round[]): Cost {
  const costs = own.map(({ cost }) => cost);
  const least = Math.min(...costs);
  return {
    median: median(costs),
    least,
    ratio: median(costs.map((cost, index) => cost / bare[index]!.cost)),
    leastRatio: least / Math.min(...bare.map(({ cost }) => cost)),
  };
}

interface LoadOptions {
  seconds: number;
  /** Calls evenly spread over time; as many as can be had when undefined. */
  perSecond?: number;
}

let address = 0;
async function fullLoad(
  target: Target,
  seconds: number,
  nextBody: () => string,
): Promise<{ requests: number; p50: number; p99: number }> {
  const { non2xx, errors, requests, latency } = await autocannon({
    url: target.url,
    connections,
    duration: seconds,
    method: "POST",
    headers: { "content-type": "application/json" },
    // Another address in each call: nothing may be answered from a cache or joined with another call.
    setupClient: (client) => {
      const next = () => client.setBody(nextBody());
      next();
      client.on("response", next);
    },
  });
  if (non2xx > 0 || errors > 0) throw new Error(`${target.name}: ${non2xx} bad answers, ${errors} errors`);
  return { requests: requests.total, p50: latency.p50, p99: latency.p99 };
}

function body(index: number): string {
  const account = `0x${index.toString(16).padStart(40, "0")}`;
  // The upstream answers with this id.
  return `{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["${account}","latest"]}`;
}

/** CPU time that processes have used so far, in µs. */
function cpuMicroseconds(pids: number[]): number {
  return pids.reduce(
    (sum, pid) => sum + Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1000,
    0,
  );
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function workersOf(child: ChildProcess): number[] {
  return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ").map(Number);
}

export async function startPlain(folder: string, name: string, http: string): Promise<ChildProcess> {
  const { command } = await ensureNginx(() => {});
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`)
    .join(" ");
  const file = path.join(folder, `${name}.conf`);
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log stderr warn;
     events { worker_connections 4096; }
     http { ${temporary} ${http.includes("access_log") ? "" : "access_log off;"} keepalive_requests 1000000; ${http} }`,
  );
  const [program, ...leading] = command;
  const child = spawn(program!, [...leading, "-c", file, "-e", "stderr"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await until(() => workersOf(child)[0]! > 0, { what: `${name} starts` });
  return child;
}

export async function stopPlain(child: ChildProcess): Promise<void> {
  const left = once(child, "exit");
  child.kill("SIGTERM");
  await left;
}

/** Polls of the head are told from calls by their length: nginx knows no better without a script. */
const pollOfBlock = '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",false]}';
const hash = "ab".repeat(32);

export const upstreamConfiguration = (port: number) => `
  map $content_length $result {
    default '"0x1a05569"';
    ${pollOfBlock.length} '{"number":"0x1a05569","hash":"0x${hash}","parentHash":"0x${hash}"}';
  }
  server { listen 127.0.0.1:${port}; default_type application/json;
    location / { return 200 '{"jsonrpc":"2.0","id":1,"result":$result}'; } }`;

const bareConfiguration = (port: number, upstreamPort: number) => `
  upstream node { zone node 64k; server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://node; proxy_http_version 1.1; proxy_set_header Connection ""; } }`;

/** As much as the gateway writes about a call. */
const logFormat = (folder: string) => `
  log_format calls escape=none '{"time":"$time_iso8601","requestId":"$request_id","client":"$remote_addr","status":$status,'
    '"seconds":$request_time,"bytes":$body_bytes_sent,"upstream":"$upstream_addr","method":"$request_method"}';
  access_log ${folder}/access.log calls buffer=64k flush=1s;`;
