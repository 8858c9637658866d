import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { AnvilChain } from "../support/anvil";
import { Chaos } from "../support/chaos";
import { FaultyNode } from "../support/faultyNode";
import { Gateway } from "../support/gateway";
import { describeFailures, Load, type LoadCall } from "../support/load";
import { until } from "../support/poll";
import { Random, seedFor } from "../support/random";

/** Five minutes with `npm run chaos`, a short form with `npm test`. */
const durationMs = process.env.CHAOS === "full" ? 300_000 : 20_000;

/** An nginx that was killed is back by then. */
const backWithinMs = 1000;

const account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const calls: LoadCall[] = [
  { method: "eth_blockNumber", params: [], check: (result) => /^0x[0-9a-f]+$/.test(result as string) },
  { method: "eth_getBalance", params: [account, "latest"], check: (result) => BigInt(result as string) > 0n },
  { method: "eth_chainId", params: [], check: (result) => result === "0x7a69" },
  {
    method: "eth_getBlockByNumber",
    params: ["0x2", false],
    check: (result) => (result as { number?: string } | null)?.number === "0x2",
  },
  { method: "eth_gasPrice", params: [], check: (result) => BigInt(result as string) > 0n },
  { method: "eth_getLogs", params: [{ fromBlock: "0x1", toBlock: "0x2" }], check: Array.isArray },
];

describe("chaos", function () {
  this.timeout(durationMs + 120_000);
  let chain: AnvilChain;
  let nodes: FaultyNode[];
  let gateway: Gateway;

  before(async () => {
    chain = await AnvilChain.start({ replicas: 4, blockTimeMs: 500 });
    await chain.mine(20);
    nodes = await Promise.all(chain.urls.map((url) => FaultyNode.start(url)));
    gateway = await Gateway.start({
      RPC_PROVIDERS_HTTP: nodes.map((node) => node.url).join(","),
      ATTEMPT_TIMEOUT_SECONDS: "1",
    });
    await until(async () => (await gateway.status()).nodes.every((node) => node.in_pool), {
      what: "every node is in the pool",
    });
  });

  after(async () => {
    await gateway?.stop();
    await Promise.all((nodes ?? []).map((node) => node.close()));
    await chain?.stop();
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") console.error(gateway?.events);
  });

  it(`no client request fails in ${durationMs / 1000} s of it, as long as one node is healthy`, async () => {
    const random = new Random(seedFor("chaos", 4_711));
    const load = new Load(gateway.url, calls, { clients: 6, ratePerSecond: 240 });
    const chaos = new Chaos({ chain, nodes, gateway, random });
    await chaos.run(durationMs);
    const report = await load.stop();
    const excused = report.failures.filter(({ startedAtMs, atMs }) =>
      chaos.killsOfNginx.some((killedAt) => atMs >= killedAt && startedAtMs <= killedAt + backWithinMs),
    );
    const failures = report.failures.filter((failure) => !excused.includes(failure));
    const counts = {
      requests: report.requests,
      failed: failures.length,
      "failed within 1 s of a kill of nginx": excused.length,
      "wrong ids": report.failures.filter(({ what }) => what.includes("has id")).length,
      "heads falling": report.headsFalling,
      "p99 in ms": Math.round(report.p99Ms),
      ...chaos.counts,
    };
    for (const [what, count] of Object.entries(counts)) process.stdout.write(`  ${what}: ${count}\n`);
    const first = failures.slice(0, 1).map(({ atMs }) => `\nThe first: ${chaos.before(atMs)}`);
    assert.equal(failures.length, 0, describeFailures({ ...report, failures }) + first);
    assert.equal(counts["wrong ids"], 0);
    assert.equal(report.headsFalling, 0);
    assert.ok(report.requests > (durationMs / 1000) * 100, `only ${report.requests} requests`);
  });
});
