import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { AnvilChain } from "../support/anvil";
import { type Fault, FaultyNode } from "../support/faultyNode";
import { Gateway } from "../support/gateway";
import { describeFailures, Load, type LoadCall } from "../support/load";
import { until } from "../support/poll";

/** Full lengths with `npm run soak`, short forms with `npm test`. */
const soak = process.env.SOAK !== undefined;
const steadySeconds = soak ? 30 : 1.5;

/** Never asked by a health probe, so its arrival at a node is a client's call. */
const clientsMethod = "eth_getBalance";
const account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

function calls(): LoadCall[] {
  return [
    { method: clientsMethod, params: [account, "latest"], check: (result) => BigInt(result as string) > 0n },
    { method: "eth_blockNumber", params: [], check: (result) => /^0x[0-9a-f]+$/.test(result as string) },
    { method: "eth_chainId", params: [], check: (result) => result === "0x7a69" },
    {
      method: "eth_getBlockByNumber",
      params: ["0x2", false],
      check: (result) => (result as { number: string }).number === "0x2",
    },
  ];
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));
const html = "<html><body>Bad gateway</body></html>";

const faults: Record<string, Fault> = {
  "hangs (accepts calls, answers nothing)": { kind: "hang" },
  "resets connections": { kind: "reset" },
  "answers HTTP 500": { kind: "answer", status: 500, contentType: "text/plain", body: "oops" },
  "answers HTTP 429": { kind: "answer", status: 429, contentType: "text/plain", body: "slow down" },
  "answers a page of HTML": { kind: "answer", status: 200, contentType: "text/html", body: html },
  "answers garbage": {
    kind: "answer",
    status: 200,
    contentType: "application/json",
    body: '{"jsonrpc":"2.0","id":7,"res',
  },
  "lags 11 blocks": { kind: "lag", blocks: 11 },
  "is on a wrong chain": { kind: "wrongChain", chainId: 5 },
};

describe("no client request fails while", function () {
  this.timeout(soak ? 600_000 : 90_000);
  let chain: AnvilChain;
  let leader: FaultyNode;
  let nodes: FaultyNode[];
  let gateway: Gateway;

  before(async () => {
    chain = await AnvilChain.start({ replicas: 3, blockTimeMs: 500 });
    await chain.mine(20);
    const urls = chain.urls as [string, string, string];
    nodes = await Promise.all(urls.map((url) => FaultyNode.start(url)));
    leader = await FaultyNode.start(urls[0]);
    gateway = await Gateway.start({
      RPC_PROVIDERS_HTTP: nodes.map((node) => node.url).join(","),
      RPC_LEADER_HTTP: leader.url,
      ATTEMPT_TIMEOUT_SECONDS: "1",
    });
  });
  beforeEach(everyoneServes);

  after(async () => {
    await gateway?.stop();
    await Promise.all([leader, ...(nodes ?? [])].map((node) => node?.close()));
    await chain?.stop();
  });

  afterEach(async function () {
    if (this.currentTest?.state === "failed") console.error(gateway?.events);
    for (const node of [leader, ...nodes]) node.fault = { kind: "none" };
  });

  async function inPool(node: FaultyNode): Promise<boolean> {
    return (await gateway.node(node.url))?.in_pool === true;
  }
  async function everyoneServes(): Promise<void> {
    await until(async () => (await Promise.all(nodes.map(inPool))).every(Boolean), {
      what: "all nodes are in the pool",
      deadlineMs: 20_000,
    });
    // The release that follows from that is out when the next run has judged.
    const { last_health_check: last } = await gateway.status();
    await until(async () => (await gateway.status()).last_health_check !== last, { what: "the next run" });
  }

  /** Runs `action` under load and asserts that the load saw nothing of it. */
  async function underLoad(action: () => Promise<void>): Promise<void> {
    const load = new Load(gateway.url, calls(), { clients: 2, ratePerSecond: 240 });
    try {
      await seconds(0.5);
      await action();
      await seconds(steadySeconds);
    } finally {
      const report = await load.stop();
      assert.equal(report.failures.length, 0, describeFailures(report));
      assert.ok(report.requests > 100, `only ${report.requests} requests`);
      assert.equal(report.headsFalling, 0);
    }
  }

  for (const [name, fault] of Object.entries(faults)) {
    it(`a node ${name}, leaves the pool and comes back`, async () => {
      const node = nodes[1]!;
      await underLoad(async () => {
        node.fault = fault;
        await until(async () => !(await inPool(node)), { what: "the node has left the pool" });
        await seconds(steadySeconds);
        node.fault = { kind: "none" };
        await until(() => inPool(node), { what: "the node is back in the pool" });
      });
    });
  }

  it("a node is killed and started again", async () => {
    const node = nodes[2]!;
    await underLoad(async () => {
      await node.down();
      await until(async () => !(await inPool(node)), { what: "the node has left the pool" });
      await node.up();
      await until(() => inPool(node), { what: "the node is back in the pool" });
    });
  });

  it("a node's process is stopped with SIGSTOP and continued", async () => {
    const stopped = chain.nodes[1]!;
    await underLoad(async () => {
      stopped.pause();
      await until(async () => !(await inPool(nodes[1]!)), { what: "the node has left the pool" });
      stopped.resume();
      await until(() => inPool(nodes[1]!), { what: "the node is back in the pool" });
    });
  });

  it("the leader dies and comes back", async () => {
    await underLoad(async () => {
      await leader.down();
      await until(async () => (await gateway.node(leader.url))?.is_healthy === false, {
        what: "the leader counts as unhealthy",
      });
      assert.deepEqual(await Promise.all(nodes.map(inPool)), [true, true, true]);
      await leader.up();
      await until(async () => (await gateway.node(leader.url))?.is_healthy === true, {
        what: "the leader counts as healthy",
      });
    });
  });

  it("ten releases are rolled out in a row", async () => {
    const versionBefore = (await gateway.status()).release!.version;
    const target = nodes[0]!;
    const { id } = (await gateway.node(target.url))!;
    await underLoad(async () => {
      for (let round = 0; round < 10; round++) {
        const wanted = versionBefore + round + 1;
        const answer = await fetch(`${gateway.adminUrl}/backends/${id}`, {
          method: "PATCH",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ weight: 100 + ((round + 1) % 10) }),
        });
        assert.equal(answer.status, 200, await answer.text());
        await until(
          async () => (await gateway.status()).tasks.every((task) => task.release_version === wanted),
          { what: `every proxy runs release ${wanted}` },
        );
      }
    });
    assert.equal((await gateway.status()).release!.version, versionBefore + 10);
  });

  it("a dead node takes its last call within a second of its first failure, half-open trials aside", async () => {
    const node = nodes[1]!;
    await underLoad(async () => {
      const failsFrom = Date.now();
      node.fault = { kind: "reset" };
      await until(async () => !(await inPool(node)), { what: "the node has left the pool" });
      const late = node.callsSince(failsFrom + 1000).filter((call) => call.method === clientsMethod);
      // Trials come after 1 s, then 2 s, …; the health check takes about 3 s.
      assert.ok(late.length <= 2, `${late.length} calls later than 1 s after the first failure`);
    });
  });

  it("a release follows two intervals, a probe and the pickup after a death, and none follows unchanged health", async () => {
    const node = nodes[1]!;
    const versionBefore = (await gateway.status()).release!.version;
    await seconds(3);
    assert.equal((await gateway.status()).release!.version, versionBefore);
    const diedAt = Date.now();
    await node.down();
    await until(async () => !(await inPool(node)), { what: "the node has left the pool", everyMs: 10 });
    const leftAfter = Date.now() - diedAt;
    await node.up();
    const revivedAt = Date.now();
    await until(() => inPool(node), { what: "the node is back in the pool", everyMs: 10 });
    const backAfter = Date.now() - revivedAt;
    // Interval 1 s, probe timeout 0.5 s, pickup 0.25 s, and up to 1 s for a loaded machine.
    assert.ok(leftAfter <= 2 * 1000 + 500 + 250 + 1000, `left after ${leftAfter} ms`);
    assert.ok(backAfter <= 3 * 1000 + 1000, `back after ${backAfter} ms`);
    await until(async () => (await gateway.status()).release!.version === versionBefore + 2, {
      what: "one release for the death and one for the return",
    });
  });
});
