import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ProcessGuard } from "../process/processGuard";
import { BlockLog, type BlockRecord } from "./blockRecord";
import { saveTrimmedState } from "./chainState";
import { Replica } from "./replica";

export interface ReplicaChainOptions {
  chainId: number;
  genesisNumber: number;
  genesisTimestamp: number;
  /** Port wanted for each replica; 0 takes any. As many replicas as ports. */
  ports: number[];
}

/** A replica whose block log starts later than this many blocks ago is started from another's state. */
const logCapacity = 1024;

/**
 * Several anvil nodes that hold the same chain, hashes included. One of them mines a block of what is in its pool;
 * the others are given the same transactions and the same timestamp and come to the same block.
 */
export class ReplicaChain {
  readonly #log = new BlockLog(logCapacity);
  #queue: Promise<unknown> = Promise.resolve();
  #stopped = false;

  private constructor(
    readonly replicas: Replica[],
    private readonly options: ReplicaChainOptions,
  ) {}

  static async start(options: ReplicaChainOptions, guard: ProcessGuard): Promise<ReplicaChain> {
    const replicas = await Promise.all(
      options.ports.map((port, index) => startReplica(`anvil-${index + 1}`, port, options, guard)),
    );
    return new ReplicaChain(replicas, options);
  }

  /** Number of the newest block. */
  get height(): number {
    return this.#log.head?.number ?? this.options.genesisNumber;
  }

  /** Mines blocks and has every replica that can follow do so. */
  async mine(blocks = 1, timestamp?: number): Promise<void> {
    await this.#exclusively(async () => {
      for (let mined = 0; mined < blocks; mined++) {
        await this.#mineOne(timestamp);
        await this.#followAll();
      }
    });
  }

  /** Holds a replica back behind the head; what it has already stays. */
  async setLag(replica: Replica, lagBlocks: number): Promise<void> {
    await this.#exclusively(async () => {
      replica.lagBlocks = lagBlocks;
      await this.#followAll();
    });
  }

  /** Starts a replica again (dead or not) on its port and brings it up to the others. */
  async restart(replica: Replica): Promise<void> {
    await this.#exclusively(() => this.#reload(replica));
  }

  /** Ends all nodes; whatever is asked for afterwards fails. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const killAll = () => Promise.all(this.replicas.map((replica) => replica.kill()));
    await killAll();
    await this.#queue;
    // One may have been on its way up.
    await killAll();
  }

  /** One thing at a time, in the order asked for. */
  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(() => {
      if (this.#stopped) throw new Error("The chain has been stopped.");
      return action();
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  async #mineOne(timestamp: number | undefined): Promise<void> {
    const previous = this.#log.head?.timestamp ?? this.options.genesisTimestamp;
    const next = Math.max(previous + 1, timestamp ?? 0);
    const candidates = this.replicas
      .filter((replica) => replica.usable)
      .sort((a, b) => a.lagBlocks - b.lagBlocks);
    for (const replica of candidates) {
      const record = await this.#mineOn(replica, next).catch(() => undefined);
      if (record) return this.#log.push(record);
    }
  }

  /** @returns undefined when this replica is not at the head */
  async #mineOn(replica: Replica, timestamp: number): Promise<BlockRecord | undefined> {
    if (!(await replica.follow(this.#log, this.height))) return undefined;
    await this.#gatherTransactions(replica);
    const record = await replica.mine(timestamp);
    return record.number === this.height + 1 ? record : undefined;
  }

  /** What a client sent to any replica gets into the next block. */
  async #gatherTransactions(miner: Replica): Promise<void> {
    const others = this.replicas.filter((replica) => replica !== miner && replica.usable);
    const pools = await Promise.all(
      others.map((replica) => replica.pool().catch(() => new Map<string, string>())),
    );
    await miner.offer(pools.flatMap((pool) => [...pool.values()]));
  }

  async #followAll(): Promise<void> {
    await Promise.all(
      this.replicas
        .filter((replica) => replica.usable)
        .map(async (replica) => {
          const target = this.height - replica.lagBlocks;
          // One that doesn't answer is looked at again at the next block.
          const following = await replica.follow(this.#log, target).catch(() => true);
          if (!following) await this.#reload(replica).catch(() => {});
        }),
    );
  }

  async #reload(replica: Replica): Promise<void> {
    const source = this.replicas.find(
      (other) => other !== replica && other.usable && other.height === this.height,
    );
    if (!source) {
      await replica.restart(undefined);
    } else {
      const folder = await mkdtemp(path.join(tmpdir(), "chain-"));
      try {
        const file = path.join(folder, "state.json");
        await saveTrimmedState(source, file);
        await replica.restart(file);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    await replica.follow(this.#log, this.height - replica.lagBlocks);
  }
}

/** On the port wanted, else (somebody else has it now) on any. */
async function startReplica(
  name: string,
  port: number,
  { chainId, genesisNumber, genesisTimestamp }: ReplicaChainOptions,
  guard: ProcessGuard,
): Promise<Replica> {
  const options = { chainId, genesisNumber, genesisTimestamp };
  if (port !== 0) {
    try {
      return await Replica.start(name, { ...options, port }, guard);
    } catch {}
  }
  return Replica.start(name, { ...options, port: 0 }, guard);
}
