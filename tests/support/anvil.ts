import type { Replica } from "../../local/demo/replica";
import { ReplicaChain } from "../../local/demo/replicaChain";
import { ProcessGuard } from "../../local/process/processGuard";

export interface AnvilChainOptions {
  /** Number of nodes; 3 unless given. */
  replicas?: number;
  chainId?: number;
  /** Height to start at. */
  genesisNumber?: number;
  /** Mines a block this often; without it only `mine` does. */
  blockTimeMs?: number;
}

/**
 * Real anvil nodes that are replicas of one chain (same blocks, same hashes), and what can happen to them.
 *
 * ```ts
 * const chain = await AnvilChain.start({ replicas: 3, blockTimeMs: 500 });
 * const [first, second] = chain.nodes;
 * await first.kill();          // ends the process; connections are refused
 * second.pause();              // SIGSTOP: accepts connections, never answers
 * second.resume();
 * await chain.setLag(second, 11);
 * await chain.restart(first);  // same port, same chain
 * await chain.stop();
 * ```
 */
export class AnvilChain {
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly chain: ReplicaChain,
    private readonly guard: ProcessGuard,
  ) {}

  static async start(options: AnvilChainOptions = {}): Promise<AnvilChain> {
    const guard = new ProcessGuard();
    const chain = await ReplicaChain.start(
      {
        chainId: options.chainId ?? 31337,
        genesisNumber: options.genesisNumber ?? 0,
        genesisTimestamp: Math.floor(Date.now() / 1000) - 3600,
        ports: new Array<number>(options.replicas ?? 3).fill(0),
      },
      guard,
    );
    const anvils = new AnvilChain(chain, guard);
    if (options.blockTimeMs) anvils.#mineEvery(options.blockTimeMs);
    return anvils;
  }

  get nodes(): Replica[] {
    return this.chain.replicas;
  }
  get urls(): string[] {
    return this.nodes.map((node) => node.url);
  }
  get height(): number {
    return this.chain.height;
  }

  mine(blocks = 1): Promise<void> {
    return this.chain.mine(blocks);
  }
  setLag(node: Replica, blocks: number): Promise<void> {
    return this.chain.setLag(node, blocks);
  }
  restart(node: Replica): Promise<void> {
    return this.chain.restart(node);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.chain.stop();
    await this.guard.close();
  }

  #mineEvery(periodMs: number): void {
    let busy = false;
    this.#timer = setInterval(() => {
      if (busy) return;
      busy = true;
      this.chain
        .mine()
        .catch(() => {})
        .finally(() => {
          busy = false;
        });
    }, periodMs);
  }
}
