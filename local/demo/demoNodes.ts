import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ProcessGuard } from "../process/processGuard";
import type { Replica } from "./replica";
import { ReplicaChain } from "./replicaChain";

export const demoChainId = 31337;
const blockTimeSeconds = 2;
/** More than `maxLagBlocks` allows by default, so that there is an unhealthy node to see. */
const laggardBlocks = 14;
/** A demo node that was killed comes back after this long: time enough to watch it leave and return. */
const comeBackMs = 30_000;
/** anvil keeps every block: it is started afresh, with the newest ones, before that adds up to much memory. */
const blocksPerProcess = 10_000;
/** Heights count from here: they rise from run to run although each run is a new chain. */
const firstBlockAt = Date.UTC(2026, 0, 1) / 1000;

/** Three replicas of one chain and a fourth that is always behind. */
export class DemoNodes {
  #timer: NodeJS.Timeout | undefined;
  #mining = false;
  #stopped = false;

  private constructor(private readonly chain: ReplicaChain) {}

  static async start(folder: string, chainId: number, guard: ProcessGuard): Promise<DemoNodes> {
    const now = Math.floor(Date.now() / 1000);
    const chain = await ReplicaChain.start(
      {
        chainId,
        genesisNumber: Math.floor((now - firstBlockAt) / blockTimeSeconds) - laggardBlocks,
        genesisTimestamp: now - laggardBlocks * blockTimeSeconds,
        // The same ports as last time, so that the registry knows the nodes again.
        ports: await readPorts(folder),
      },
      guard,
    );
    await writePorts(folder, chain);
    const demo = new DemoNodes(chain);
    await chain.setLag(demo.laggard, laggardBlocks);
    await chain.mine(laggardBlocks);
    demo.#timer = setInterval(() => demo.#tick(), blockTimeSeconds * 1000);
    for (const replica of chain.replicas) demo.#reviveWhenDead(replica);
    return demo;
  }

  get urls(): string[] {
    return this.chain.replicas.map((replica) => replica.url);
  }
  get laggard(): Replica {
    return this.chain.replicas.at(-1)!;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.chain.stop();
  }

  #tick(): void {
    if (this.#mining) return;
    this.#mining = true;
    this.chain
      .mine(1, Math.floor(Date.now() / 1000))
      .then(() => this.#renewOne())
      // A block that could not be made is made at the next tick.
      .catch(() => {})
      .finally(() => {
        this.#mining = false;
      });
  }

  async #renewOne(): Promise<void> {
    const due = this.chain.replicas.find((replica) => replica.usable && replica.mined >= blocksPerProcess);
    if (due && !this.#stopped) await this.chain.restart(due);
  }

  #reviveWhenDead(replica: Replica): void {
    const revive = async () => {
      if (!this.#stopped && !replica.alive) await this.chain.restart(replica).catch(() => {});
      if (!this.#stopped) this.#reviveWhenDead(replica);
    };
    void replica.exited.then(() => setTimeout(revive, comeBackMs).unref());
  }
}

function portsFile(folder: string): string {
  return path.join(folder, "demo-ports.json");
}

async function readPorts(folder: string): Promise<number[]> {
  try {
    const ports: unknown = JSON.parse(await readFile(portsFile(folder), "utf8"));
    if (Array.isArray(ports) && ports.length === 4 && ports.every(isPort)) return ports as number[];
  } catch {}
  return [0, 0, 0, 0];
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 1023 && Number(value) < 65536;
}

async function writePorts(folder: string, chain: ReplicaChain): Promise<void> {
  await mkdir(folder, { recursive: true });
  const ports = chain.replicas.map((replica) => Number(new URL(replica.url).port));
  await writeFile(portsFile(folder), JSON.stringify(ports));
}
