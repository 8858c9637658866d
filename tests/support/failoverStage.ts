import assert from "node:assert/strict";
import type { Backend } from "../../functions/handlers/admin/presentation";
import type { Status } from "../../functions/handlers/admin/status";
import { AnvilChain } from "./anvil";
import { FaultyNode } from "./faultyNode";
import { describeFailures, Load, type LoadCall } from "./load";
import { until } from "./poll";

/** A gateway in front of the stage's nodes: the local run, or a container with its control plane. */
export interface StagedGateway {
  /** Where clients ask. */
  readonly url: string;
  /** The newest lines of its log, to explain a failure. */
  readonly events: string;
  status(): Promise<Status>;
  /** Changes a node through the admin API. */
  change(nodeId: string, changes: { weight: number }): Promise<void>;
  stop(): Promise<void>;
}

export interface StageNodes {
  nodes: FaultyNode[];
  leader: FaultyNode;
}

/** Never asked by a health probe, so its arrival at a node is a client's call. */
export const clientsMethod = "eth_getBalance";
const account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const calls: LoadCall[] = [
  { method: clientsMethod, params: [account, "latest"], check: (result) => BigInt(result as string) > 0n },
  { method: "eth_blockNumber", params: [], check: (result) => /^0x[0-9a-f]+$/.test(result as string) },
  { method: "eth_chainId", params: [], check: (result) => result === "0x7a69" },
  {
    method: "eth_getBlockByNumber",
    params: ["0x2", false],
    check: (result) => (result as { number: string }).number === "0x2",
  },
];
/** Thirty of each kind, about half a second of the load. */
const steadyCalls = 30 * calls.length;

/** Three anvil nodes of one chain and a leader, a gateway in front of them, and clients who must not notice what happens to them. */
export class FailoverStage {
  private constructor(
    readonly chain: AnvilChain,
    readonly nodes: FaultyNode[],
    readonly leader: FaultyNode,
    readonly gateway: StagedGateway,
    private readonly steadySeconds: number,
  ) {}

  /** @param steadySeconds how long clients go on in each state that was reached, beyond the calls that they make anyway */
  static async start(
    startGateway: (nodes: StageNodes) => Promise<StagedGateway>,
    { steadySeconds = 0 } = {},
  ): Promise<FailoverStage> {
    const chain = await AnvilChain.start({ replicas: 3, blockTimeMs: 500 });
    await chain.mine(20);
    const nodes = await Promise.all(chain.urls.map((url) => FaultyNode.start(url)));
    const leader = await FaultyNode.start(chain.urls[0]!);
    try {
      const gateway = await startGateway({ nodes, leader });
      return new FailoverStage(chain, nodes, leader, gateway, steadySeconds);
    } catch (error) {
      await Promise.all([...nodes, leader].map((node) => node.close()));
      await chain.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await Promise.all([this.leader, ...this.nodes].map((node) => node.close()));
    await this.chain.stop();
  }

  /** Takes all faults back. */
  heal(): void {
    for (const node of [this.leader, ...this.nodes]) node.fault = { kind: "none" };
  }

  async node({ url }: FaultyNode): Promise<Backend> {
    const { host } = new URL(url);
    const found = (await this.gateway.status()).nodes.find((node) => node.url.includes(host));
    if (!found) throw new Error(`${host} is not registered`);
    return found;
  }
  async inPool(node: FaultyNode): Promise<boolean> {
    return (await this.node(node)).in_pool;
  }
  async version(): Promise<number> {
    return (await this.gateway.status()).release?.version ?? 0;
  }

  /** Waits until every node is in the pool and every proxy runs the current release. */
  async everyoneServes(): Promise<void> {
    await until(async () => (await Promise.all(this.nodes.map((node) => this.inPool(node)))).every(Boolean), {
      what: "all nodes are in the pool",
      deadlineMs: 20_000,
    });
    await this.rolledOut(1);
    // A proxy that finds a release of an earlier life on its disk starts with that, be its version the same.
    const wanted = await chainId(this.leader.url);
    await until(async () => (await chainId(this.gateway.url)) === wanted, { what: "this chain is served" });
  }

  /** Waits until the next run has judged: what follows from the one before is published. */
  async nextRun(): Promise<void> {
    const { last_health_check: last } = await this.gateway.status();
    await until(async () => (await this.gateway.status()).last_health_check !== last, {
      what: "the next run",
    });
  }

  /** Waits until every proxy runs the current release and that is this version or a newer one. */
  async rolledOut(version: number): Promise<void> {
    await until(
      async () => {
        const { release, tasks } = await this.gateway.status();
        return (
          release && release.version >= version && tasks.length > 0 && tasks.every((one) => one.is_current)
        );
      },
      { what: `every proxy runs release ${version}` },
    );
  }

  /** Lets clients make their calls for a while. */
  async goesOn(load: Load): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.steadySeconds * 1000));
    const { requests } = load.report();
    await until(() => load.report().requests >= requests + steadyCalls, {
      what: `${steadyCalls} more calls`,
    });
  }

  /** Runs `action` under load and asserts that the load saw nothing of it. */
  async underLoad(action: (load: Load) => Promise<void>): Promise<void> {
    const load = new Load(this.gateway.url, calls, { clients: 2, ratePerSecond: 240 });
    try {
      await until(() => load.report().requests > 10 * calls.length, { what: "the first calls" });
      await action(load);
      await this.goesOn(load);
    } finally {
      const report = await load.stop();
      assert.equal(report.failures.length, 0, describeFailures(report));
      assert.ok(report.requests > 100, `only ${report.requests} requests`);
      assert.equal(report.headsFalling, 0);
    }
  }

  /** Takes a node out under load and brings it back; both are seen by the health check and rolled out. */
  async outAndBack(
    node: FaultyNode,
    out: () => void | Promise<void>,
    back: () => void | Promise<void>,
  ): Promise<void> {
    const follows = async (inPool: boolean, what: string, change: () => void | Promise<void>) => {
      const before = await this.version();
      await change();
      await until(async () => (await this.inPool(node)) === inPool, { what });
      await this.rolledOut(before + 1);
    };
    await this.underLoad(async (load) => {
      await follows(false, "the node has left the pool", out);
      await this.goesOn(load);
      await follows(true, "the node is back in the pool", back);
    });
  }
}

async function chainId(url: string): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
  });
  return ((await answer.json()) as { result?: unknown }).result;
}
