import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Emulators, startEmulators } from "../tests/support/emulators";
import { freePorts } from "../tests/support/ports";
import type { RunFigures } from "./controlPlaneRun";
import { startMockNodes } from "./mockNodes";

const nodes = 1000;
/** One in ten is dead: half of those refuse connections, half take them and say nothing. */
const deadEvery = 10;

/** What a run may take. */
export const controlPlaneLimits = { wallSeconds: 8, memoryMiB: 300 };

export interface ControlPlaneFigures {
  name: string;
  wallSeconds: number;
  /** Steadier than the wall clock on a shared machine. */
  cpuSeconds: number;
  /** Largest resident set of the process so far: handlers, interpreter, and all probes at once. */
  memoryMiB: number;
  /** Largest input or output of a state; Step Functions takes 256 KiB. */
  stateKiB: number;
}

/**
 * Health-check runs over 1,000 nodes through the real workflow, handlers and adapters. Nodes and emulators live in this process,
 * the control plane in one of its own, so that what is measured is its alone.
 */
export async function benchControlPlane(
  report: (line: string) => void = () => undefined,
): Promise<ControlPlaneFigures[]> {
  const [emulators, mock] = await Promise.all([startEmulators(), startMockNodes()]);
  try {
    await register(emulators, mock.url, `http://127.0.0.1:${(await freePorts(1))[0]}/`);
    report(`${nodes} nodes registered, ${nodes / deadEvery} of them dead`);
    const figures = await measure(emulators.environment);
    return figures.map((one, index) => ({ name: runNames[index] ?? "run", ...one }));
  } finally {
    await Promise.all([emulators.close(), mock.close()]);
  }
}

const runNames = ["first run: all nodes new, release published", "second run: nothing changed"];

async function register(emulators: Emulators, alive: string, dead: string): Promise<void> {
  const registry = emulators.registry();
  const urlOf = (index: number) => {
    if (index % deadEvery !== 0) return `${alive}ok/${index}`;
    return index % (2 * deadEvery) === 0 ? `${alive}hang/${index}` : `${dead}${index}`;
  };
  for (let start = 0; start < nodes; start += 50) {
    const some = Array.from({ length: 50 }, (_, offset) =>
      registry.addNode({
        network: "mainnet",
        url: urlOf(start + offset),
        isLeader: false,
        weight: 100,
        drained: false,
        source: "operator",
      }),
    );
    await Promise.all(some);
  }
}

async function measure(environment: Record<string, string>): Promise<RunFigures[]> {
  const child = fork(join(__dirname, "controlPlaneRun.ts"), [String(runNames.length)], {
    execArgv: ["--require", "tsx/cjs"],
    env: { ...process.env, ...environment },
  });
  const exited = once(child, "exit").then(() => Promise.reject(new Error("The measured process ended.")));
  const [figures] = (await Promise.race([once(child, "message"), exited])) as [RunFigures[]];
  await exited.catch(() => undefined);
  return figures;
}

if (require.main === module) {
  benchControlPlane(console.log).then(console.table, (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
