import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { releaseSha256 } from "../../functions/domain/render/renderRelease";
import { AnvilChain } from "../support/anvil";
import { FaultyNode } from "../support/faultyNode";
import { Gateway } from "../support/gateway";
import { emulatorProcess, storesOf } from "../support/gatewayStores";
import { describeFailures, Load } from "../support/load";
import { until } from "../support/poll";
import { descendants } from "../support/processes";

/** Full lengths with `npm run soak`, short forms with `npm test`. */
const outageSeconds = process.env.SOAK ? 60 : 5;

const calls = [
  {
    method: "eth_blockNumber",
    params: [],
    check: (result: unknown) => /^0x[0-9a-f]+$/.test(result as string),
  },
];

/** The master is whose child the worker is: what it calls itself depends on how it was started. */
function nginxProcess(gateway: Gateway, role: "master" | "worker"): number {
  const worker = descendants(gateway.pid).find((one) => one.command.includes("nginx: worker process"));
  assert.ok(worker, "there is an nginx worker");
  return role === "worker" ? worker.pid : worker.parentPid;
}

describe("the gateway", function () {
  this.timeout(90_000);
  let chain: AnvilChain;
  let node: FaultyNode;
  let leader: FaultyNode;
  let gateway: Gateway;

  before(async () => {
    chain = await AnvilChain.start({ replicas: 1, blockTimeMs: 500 });
    node = await FaultyNode.start(chain.urls[0]!);
    leader = await FaultyNode.start(chain.urls[0]!);
    gateway = await Gateway.start({
      RPC_PROVIDERS_HTTP: node.url,
      RPC_LEADER_HTTP: leader.url,
      NETWORKS: "empty=4242",
    });
  });

  after(async () => {
    await gateway?.stop();
    await Promise.all([node?.close(), leader?.close()]);
    await chain?.stop();
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") console.error(gateway?.events);
  });

  async function serves(): Promise<boolean> {
    const answer = await gateway.rpc("eth_blockNumber");
    return answer.status === 200 && answer.text.includes('"result"');
  }

  for (const role of ["master", "worker"] as const) {
    it(`serves again within a second after the nginx ${role} was killed`, async () => {
      const load = new Load(gateway.url, calls, { clients: 2, ratePerSecond: 240 });
      await until(() => load.report().requests > 50, { what: "the load runs" });
      const killedAt = Date.now();
      process.kill(nginxProcess(gateway, role), "SIGKILL");
      await until(() => Date.now() > killedAt + 2500, { what: "2.5 s have passed" });
      const { failures, requests } = await load.stop();
      const late = failures.filter((failure) => failure.atMs > killedAt + 1000);
      assert.deepEqual(late, [], "failures later than a second after the kill");
      assert.ok(requests - failures.length > 200, `${requests} requests, ${failures.length} failed`);
    });
  }

  it("serves on while DynamoDB and S3 are gone, and takes up where it was", async () => {
    const load = new Load(gateway.url, calls, { clients: 2, ratePerSecond: 240 });
    const stores = emulatorProcess(gateway);
    process.kill(stores, "SIGSTOP");
    try {
      const backAt = Date.now() + outageSeconds * 1000;
      await until(() => Date.now() >= backAt, { what: "the outage is over", deadlineMs: 90_000 });
      assert.equal((await fetch(`${gateway.url}/health`)).status, 200);
    } finally {
      process.kill(stores, "SIGCONT");
    }
    const before = (await gateway.status()).last_health_check;
    await until(async () => (await gateway.status()).last_health_check !== before, {
      what: "health is checked again",
      deadlineMs: 20_000,
    });
    const report = await load.stop();
    assert.equal(report.failures.length, 0, describeFailures(report));
    assert.ok(report.requests > 100 * outageSeconds);
  });

  /** @returns its version */
  async function publishBroken(): Promise<number> {
    const { registry, releaseStore } = storesOf(gateway);
    const good = (await registry.currentRelease())!;
    const found = await releaseStore.getCurrent();
    assert.ok(found.status === "found");
    const files = { ...found.release.files, "nginx.conf": "no nginx configuration {" };
    const bad = { format: 1 as const, version: good.version + 1, sha256: releaseSha256(files), files };
    const publishedAt = new Date().toISOString();
    const record = { version: bad.version, sha256: bad.sha256, publishedAt, status: "good" as const };
    // A health check may have published meanwhile.
    if (!(await registry.publishRelease(record, good.version))) return publishBroken();
    await releaseStore.putRelease({ ...bad, publishedAt });
    await releaseStore.setCurrent({ ...bad, publishedAt });
    return bad.version;
  }

  it("keeps the last good release when one fails nginx -t, and says so", async () => {
    const load = new Load(gateway.url, calls, { clients: 2, ratePerSecond: 240 });
    let bad = await publishBroken();
    await until(
      async () => {
        const { release, releases, tasks } = await gateway.status();
        // A health check that was under way may publish the next one before the agent has seen the broken one.
        if (release !== null && release.version > bad && !tasks.some((task) => task.bad_release)) {
          bad = await publishBroken();
          return false;
        }
        const marked = releases.find((one) => one.version === bad)?.status === "bad";
        const refused = tasks.some((task) => task.bad_release?.version === bad);
        return marked && refused && release !== null && release.version !== bad;
      },
      { what: "/status shows the bad release, and another one in force", deadlineMs: 30_000 },
    );
    const report = await load.stop();
    assert.equal(report.failures.length, 0, describeFailures(report));
  });

  it("serves through the leader when every other node is dead", async () => {
    const load = new Load(gateway.url, calls, { clients: 2, ratePerSecond: 240 });
    await node.down();
    await until(async () => (await gateway.node(leader.url))?.in_pool === true, {
      what: "the leader is in the pool",
    });
    const report = await load.stop();
    assert.equal(report.failures.length, 0, describeFailures(report));
    assert.ok(report.requests > 100);
    assert.ok(leader.seen.length > 0);
    await node.up();
    await until(async () => (await gateway.node(node.url))?.in_pool === true, { what: "the node is back" });
    await until(async () => (await gateway.node(leader.url))?.in_pool === false, {
      what: "the leader rests",
    });
  });

  it("keeps the last healthy pool when the leader is dead too, and recovers by itself", async () => {
    await leader.down();
    await until(async () => (await gateway.node(leader.url))?.is_healthy === false, {
      what: "the leader is out",
    });
    await node.down();
    await until(async () => (await gateway.node(node.url))?.is_healthy === false, {
      what: "the node is out",
    });
    assert.equal((await gateway.node(node.url))?.in_pool, true);
    const answer = await gateway.rpc("eth_blockNumber");
    assert.equal(answer.status, 502);
    assert.match(answer.text, /^\{"jsonrpc":"2\.0","id":1,"error":\{"code":-32603,/);
    assert.equal((await fetch(`${gateway.url}/ready`)).status, 503);
    await node.up();
    await until(serves, { what: "calls are answered again", deadlineMs: 5000 });
    await leader.up();
  });

  it("answers HTTP 503 with a JSON-RPC error on a network without nodes", async () => {
    for (const path of ["/empty", "/4242"]) {
      const answer = await gateway.rpc("eth_blockNumber", [], path);
      assert.equal(answer.status, 503);
      assert.match(answer.text, /^\{"jsonrpc":"2\.0","id":1,"error":\{"code":-32\d{3},"message":/);
    }
  });

  it("keeps registry and release over a restart", async () => {
    const before = await gateway.status();
    assert.equal(await gateway.end("SIGTERM"), 0);
    await gateway.launch();
    const afterwards = await gateway.status();
    assert.deepEqual(afterwards.nodes.map((one) => one.id).sort(), before.nodes.map((one) => one.id).sort());
    assert.equal(afterwards.release?.sha256, before.release?.sha256);
  });
});
