import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { failoverScenarios } from "../support/failoverScenarios";
import { clientsMethod, FailoverStage } from "../support/failoverStage";
import { Gateway } from "../support/gateway";
import { until } from "../support/poll";

/** Full lengths with `npm run soak`, short forms with `npm test`. */
const soak = process.env.SOAK !== undefined;

describe("no client request fails while", function () {
  this.timeout(soak ? 600_000 : 90_000);
  let stage: FailoverStage;

  before(async () => {
    stage = await FailoverStage.start(
      ({ nodes, leader }) =>
        Gateway.start({
          RPC_PROVIDERS_HTTP: nodes.map((node) => node.url).join(","),
          RPC_LEADER_HTTP: leader.url,
          ATTEMPT_TIMEOUT_SECONDS: "1",
        }),
      { steadySeconds: soak ? 30 : 0 },
    );
  });
  beforeEach(() => stage.everyoneServes());
  afterEach(function () {
    if (this.currentTest?.state === "failed") console.error(stage.gateway.events);
    stage.heal();
  });
  after(() => stage?.stop());

  for (const { title, run } of failoverScenarios) it(title, () => run(stage));

  it("a dead node takes its last call within a second of its first failure, half-open trials aside", async () => {
    const node = stage.nodes[1]!;
    await stage.underLoad(async () => {
      const failsFrom = Date.now();
      node.fault = { kind: "reset" };
      await until(async () => !(await stage.inPool(node)), { what: "the node has left the pool" });
      const late = node.callsSince(failsFrom + 1000).filter((call) => call.method === clientsMethod);
      // Trials come after 1 s, then 2 s, …; the health check takes about 3 s.
      assert.ok(late.length <= 2, `${late.length} calls later than 1 s after the first failure`);
    });
  });

  it("a release follows two intervals, a probe and the pickup after a death, and none follows unchanged health", async () => {
    const node = stage.nodes[1]!;
    await stage.nextRun();
    const versionBefore = await stage.version();
    // What a run finds is published before the run after it has judged.
    for (let run = 0; run < 3; run++) await stage.nextRun();
    assert.equal(await stage.version(), versionBefore);
    const diedAt = Date.now();
    await node.down();
    await until(async () => !(await stage.inPool(node)), { what: "the node has left the pool" });
    const leftAfter = Date.now() - diedAt;
    await node.up();
    const revivedAt = Date.now();
    await until(() => stage.inPool(node), { what: "the node is back in the pool" });
    const backAfter = Date.now() - revivedAt;
    // Interval 1 s, probe timeout 0.5 s, pickup 0.25 s, and up to 1 s for a loaded machine.
    assert.ok(leftAfter <= 2 * 1000 + 500 + 250 + 1000, `left after ${leftAfter} ms`);
    assert.ok(backAfter <= 3 * 1000 + 1000, `back after ${backAfter} ms`);
    await until(async () => (await stage.version()) === versionBefore + 2, {
      what: "one release for the death and one for the return",
    });
  });
});
