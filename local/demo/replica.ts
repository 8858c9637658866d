import type { ProcessGuard } from "../process/processGuard";
import { type AnvilOptions, AnvilProcess } from "./anvilProcess";
import type { BlockLog, BlockRecord } from "./blockRecord";
import { callNode, RpcError } from "./rpcClient";

interface AnvilBlock {
  number: string;
  timestamp: string;
  hash: string;
  baseFeePerGas: string;
  transactions: string[];
}
type PoolContent = Record<"pending" | "queued", Record<string, Record<string, { hash: string }>>>;

/** A healthy anvil answers within milliseconds (more on a busy machine); one that doesn't is stopped or gone. */
const callTimeoutMs = 2000;
/** One that didn't answer is left alone for this long. */
const quietMs = 3000;

/** One anvil process that follows a chain. */
export class Replica {
  /** Blocks that it stays behind the chain's head. */
  lagBlocks = 0;
  /** Number of its newest block; undefined when that is not known for certain. */
  height: number | undefined;
  /** Stopped by SIGSTOP, as far as we know. */
  paused = false;
  /** Blocks this process has made. */
  mined = 0;
  #quietUntil = 0;

  private constructor(
    readonly name: string,
    private process: AnvilProcess,
    private readonly options: AnvilOptions,
    private readonly guard: ProcessGuard,
  ) {}

  static async start(name: string, options: AnvilOptions, guard: ProcessGuard): Promise<Replica> {
    const process = await AnvilProcess.start(options, guard);
    const replica = new Replica(name, process, { ...options, port: process.port }, guard);
    replica.height = options.genesisNumber;
    return replica;
  }

  get url(): string {
    return this.process.url;
  }
  get pid(): number {
    return this.process.pid;
  }
  get alive(): boolean {
    return !this.process.ended;
  }
  /** When it has ended, however that came about. */
  get exited(): Promise<void> {
    return this.process.exited;
  }

  /** Whether it is worth asking. */
  get usable(): boolean {
    return this.alive && !this.paused && Date.now() >= this.#quietUntil;
  }

  async call<T>(method: string, ...params: unknown[]): Promise<T> {
    try {
      return await callNode<T>(this.url, method, params, callTimeoutMs);
    } catch (error) {
      // Somebody else stopped it, as an experiment: the chain must not wait for it block after block.
      if (error instanceof Error && error.name === "TimeoutError") this.#quietUntil = Date.now() + quietMs;
      throw error;
    }
  }

  async kill(): Promise<void> {
    this.paused = false;
    await this.process.kill();
  }

  /** Stops the process where it stands: connections are accepted, nothing is answered. */
  pause(): void {
    this.paused = true;
    this.process.signal("SIGSTOP");
  }

  resume(): void {
    this.process.signal("SIGCONT");
    this.paused = false;
    this.#quietUntil = 0;
    // A call may have been under way when it stopped.
    this.height = undefined;
  }

  /** Starts it again on its port, from a state or from genesis. */
  async restart(stateFile: string | undefined): Promise<void> {
    await this.kill();
    this.height = undefined;
    this.mined = 0;
    this.#quietUntil = 0;
    this.process = await AnvilProcess.start({ ...this.options, stateFile }, this.guard);
    await this.refreshHeight();
  }

  async refreshHeight(): Promise<number> {
    this.height = Number(await this.call<string>("eth_blockNumber"));
    return this.height;
  }

  /** Signed transactions in its pool, by hash. */
  async pool(): Promise<Map<string, string>> {
    const status = await this.call<{ pending: string; queued: string }>("txpool_status");
    if (Number(status.pending) + Number(status.queued) === 0) return new Map();
    const content = await this.call<PoolContent>("txpool_content");
    const hashes = [content.pending, content.queued]
      .flatMap((bySender) => Object.values(bySender))
      .flatMap((byNonce) => Object.values(byNonce).map(({ hash }) => hash));
    const raw = await Promise.all(hashes.map((hash) => this.rawTransaction(hash)));
    return new Map(hashes.flatMap((hash, index) => (raw[index] ? [[hash, raw[index]]] : [])));
  }

  private rawTransaction(hash: string): Promise<string | null> {
    return this.call<string | null>("eth_getRawTransactionByHash", hash);
  }

  /** Hands over transactions in this order; those it knows or refuses are passed over. */
  async offer(transactions: Iterable<string>): Promise<void> {
    for (const transaction of transactions) {
      await this.call("eth_sendRawTransaction", transaction).catch((error: unknown) => {
        if (!(error instanceof RpcError)) throw error;
      });
    }
  }

  /** Makes a block of what is in the pool. */
  async mine(timestamp: number): Promise<BlockRecord> {
    this.height = undefined;
    await this.call("evm_setNextBlockTimestamp", timestamp);
    await this.call("anvil_mine", "0x1");
    const block = await this.block("latest");
    this.mined++;
    const raw = await Promise.all(block.transactions.map((hash) => this.rawTransaction(hash)));
    this.height = Number(block.number);
    return {
      number: this.height,
      timestamp: Number(block.timestamp),
      hash: block.hash,
      baseFeePerGas: block.baseFeePerGas,
      transactions: raw.filter((transaction) => transaction !== null),
    };
  }

  /**
   * Follows the log up to `target`.
   * @returns false when it can't: it has a block that is not in the log, or the log no longer goes back that far
   */
  async follow(log: BlockLog, target: number): Promise<boolean> {
    let height = this.height;
    if (height === undefined) {
      height = await this.refreshHeight();
      const known = log.find(height);
      if (known && known.hash !== (await this.block("latest")).hash) return false;
    }
    while (height < target) {
      const record = log.find(height + 1);
      if (!record || !(await this.apply(record))) return false;
      height = record.number;
    }
    return true;
  }

  /** Comes to the block of the record; what clients sent meanwhile goes back into the pool. */
  private async apply(record: BlockRecord): Promise<boolean> {
    const others = await this.pool();
    const same = new Set([...others.values(), ...record.transactions]).size === record.transactions.length;
    if (!same || others.size < record.transactions.length) {
      // Exactly the block's transactions, so that subscribers of this node don't see another block first.
      await this.call("anvil_dropAllTransactions");
      await this.offer(record.transactions);
    }
    const mined = await this.mine(record.timestamp);
    if (mined.hash === record.hash) {
      await this.offer(others.values());
      return true;
    }
    // In another order. `anvil_reorg` makes the block of exactly those it is given.
    this.height = undefined;
    const previous = await this.block(record.number - 1);
    await this.call("anvil_setBlockTimestampInterval", record.timestamp - Number(previous.timestamp));
    await this.call("anvil_setNextBlockBaseFeePerGas", record.baseFeePerGas);
    await this.call(
      "anvil_reorg",
      1,
      record.transactions.map((transaction) => [transaction, 0]),
    );
    await this.call("anvil_removeBlockTimestampInterval");
    await this.offer([...others.values(), ...mined.transactions]);
    this.height = record.number;
    return (await this.block("latest")).hash === record.hash;
  }

  private block(number: number | "latest"): Promise<AnvilBlock> {
    const tag = number === "latest" ? number : `0x${number.toString(16)}`;
    return this.call<AnvilBlock>("eth_getBlockByNumber", tag, false);
  }
}
