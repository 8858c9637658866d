import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Network } from "../functions/domain/network";
import { Nginx } from "../tests/support/nginx";
import { type NodeSpec, poolOf } from "../tests/support/pool";
import { freePorts } from "../tests/support/ports";
import {
  defaults,
  inTurns,
  median,
  startPlain,
  stopPlain,
  type Target,
  upstreamConfiguration,
} from "./dataPlane";

const rounds = 8;
const secondsPerRound = 1;

export interface GrowthFigures {
  name: string;
  /** CPU of the worker per request in µs, median over the rounds. */
  cost: number;
  /** Median over the rounds of the ratio to one network with one node in the same round. */
  ratio: number;
  /** Memory of the worker that is its own, after the load, in MiB: without what workers share. */
  memoryMiB: number;
}

/** What a call costs by how many nodes and networks there are, and what one costs that the cache answers. */
export async function benchGrowth(report: (line: string) => void): Promise<GrowthFigures[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "growth-"));
  const [upstreamPort] = await freePorts(1);
  const upstream = await startPlain(folder, "upstream", upstreamConfiguration(upstreamPort!));
  const nodes = (count: number, network = "mainnet"): NodeSpec[] =>
    Array.from({ length: count }, (_, index) => ({
      url: `http://127.0.0.1:${upstreamPort}/${network}/${index}`,
      network,
    }));
  const networks = (count: number): Network[] =>
    Array.from({ length: count }, (_, index) =>
      index === 0 ? { name: "mainnet", chainId: 1 } : { name: `chain-${index}`, chainId: 1000 + index },
    );
  const started: { name: string; nginx: Nginx; repeats: boolean }[] = [];
  const start = async (name: string, specs: NodeSpec[], networkCount = 1, repeats = false) => {
    const input = poolOf(specs, defaults, { networks: networks(networkCount) });
    started.push({ name, nginx: await Nginx.start(input), repeats });
  };
  try {
    await start("1 network, 1 node", nodes(1));
    for (const count of [3, 10, 100]) await start(`1 network, ${count} nodes`, nodes(count));
    for (const count of [10, 50]) {
      const specs = networks(count).flatMap(({ name }) => nodes(1, name));
      await start(`${count} networks of 1 node`, specs, count);
    }
    await start("1 node, answered from the cache", nodes(1), 1, true);
    const targets = started.map(
      ({ name, nginx, repeats }): Target => ({
        name,
        url: nginx.url,
        pids: () => nginx.workerPids(),
        repeats,
      }),
    );
    const all = await inTurns(targets, rounds, { seconds: secondsPerRound }, report);
    return started.map(({ name, nginx }, index) => ({
      name,
      cost: median(all[index]!.map(({ cost }) => cost)),
      ratio: median(all[index]!.map(({ cost }, round) => cost / all[0]![round]!.cost)),
      memoryMiB: ownMemoryMiB(nginx.workerPids()[0]!),
    }));
  } finally {
    for (const { nginx } of started) await nginx.stop();
    await stopPlain(upstream);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Pages that no other process has: neither what workers share by purpose nor what they have of the process that started them. */
function ownMemoryMiB(pid: number): number {
  let isShared = false;
  let kiB = 0;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const permissions = /^[0-9a-f]+-[0-9a-f]+ (\S+)/.exec(line)?.[1];
    if (permissions !== undefined) isShared = permissions.endsWith("s");
    else if (!isShared) kiB += Number(/^Private_Dirty:\s+(\d+)/.exec(line)?.[1] ?? 0);
  }
  return kiB / 1024;
}
