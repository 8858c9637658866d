import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { nginxProcesses } from "../../../proxy-image/agent/nginx/processes";
import { until } from "../../support/poll";
import { AgentBench, type AgentTask } from "../harness";
import { startLoad } from "../load";
import { testRelease } from "../testRelease";

describe("the agent keeps nginx serving", function () {
  this.timeout(90_000);
  let bench: AgentBench;
  let task: AgentTask;
  before(async () => {
    bench = await AgentBench.create();
  });
  after(() => bench.close());
  beforeEach(async () => {
    await bench.publish(testRelease(1));
    task = await bench.task("serving");
    await task.startAndServe("release 1 ");
  });
  afterEach(async function () {
    await task.stop();
    if (this.currentTest?.state === "failed") console.error(task.events());
  });

  it("after its master was killed, within a second", async () => {
    const load = startLoad(task, 2);
    await until(() => load.answered > 10, { what: "load" });
    const master = await task.masterPid();
    const killedAt = Date.now();
    process.kill(master, "SIGKILL");
    await until(() => load.lastFailure < Date.now() - 1_500 && Date.now() > killedAt + 2_000, {
      what: "calm",
    });
    const { lastFailure } = load;
    await load.stop();
    assert.ok(
      lastFailure < killedAt + 1_000,
      `calls failed until ${lastFailure - killedAt} ms after the kill`,
    );
    assert.notEqual(await task.masterPid(), master);
    assert.equal(task.logged("nginx died").length, 1);
    assert.deepEqual(await nginxProcesses(master), [], "no worker of the dead master is left");
  });
});
