import path from "node:path";
import type { Replica } from "../../../local/demo/replica";
import { AnvilChain, type AnvilChainOptions } from "../../support/anvil";
import { Nginx } from "../../support/nginx";
import { nodeId, poolOf } from "../../support/pool";
import { Harness, type HarnessOptions } from "./harness";

/**
 * Logs its call data as the one topic of an empty log.
 * `PUSH1 0 CALLDATALOAD PUSH1 0 PUSH1 0 LOG1 STOP`, behind code that returns it.
 */
const loggerCode = "0x6860003560006000a10060005260096017f3";

/** Real anvil nodes behind a real nginx with the gateway beside it. */
export class Stack {
  #sender = "";
  logger = "";

  private constructor(
    readonly chain: AnvilChain,
    readonly nginx: Nginx,
    readonly harness: Harness,
  ) {}

  static async start(options: AnvilChainOptions & Partial<HarnessOptions> = {}): Promise<Stack> {
    const chain = await AnvilChain.start(options);
    const network = { name: "mainnet", chainId: options.chainId ?? 31337 };
    const input = poolOf(
      chain.urls.map((url) => ({ url })),
      {},
      { networks: [network] },
    );
    const nginx = await Nginx.start(input, { workers: 2 });
    const harness = await Harness.start({
      calls: { socketPath: path.join(nginx.runDirectory, "front.sock") },
      behind: {
        path: path.join(nginx.runDirectory, "sockets.sock"),
        url: nginx.url.replace("http", "ws"),
      },
      network: { ...network, blockTimeSeconds: 1 },
      nodes: chain.nodes.map(({ url }, index) => ({ id: nodeId(index), wsUrl: url.replace("http", "ws") })),
      ...options,
    });
    const stack = new Stack(chain, nginx, harness);
    await stack.#deploy(chain.nodes[0]!);
    return stack;
  }

  async stop(): Promise<void> {
    await this.harness.stop();
    await this.nginx.stop();
    await this.chain.stop();
  }

  /** Sends a transaction that will log this topic, to a node that takes it. */
  async log(topic: string): Promise<void> {
    for (const node of this.chain.nodes) {
      if (!node.usable) continue;
      try {
        await node.call("eth_sendTransaction", {
          from: this.#sender,
          to: this.logger,
          data: topic,
          gas: "0x186a0",
        });
        return;
      } catch {
        // The next one takes it.
      }
    }
  }

  async #deploy(node: Replica): Promise<void> {
    [this.#sender = ""] = await node.call<string[]>("eth_accounts");
    const hash = await node.call<string>("eth_sendTransaction", {
      from: this.#sender,
      data: loggerCode,
      gas: "0x30d40",
    });
    await this.chain.mine();
    const receipt = await node.call<{ contractAddress: string }>("eth_getTransactionReceipt", hash);
    this.logger = receipt.contractAddress;
  }
}

/** The n-th topic that tests use. */
export function topicOf(index: number): string {
  return `0x${(index + 1).toString(16).padStart(64, "0")}`;
}
