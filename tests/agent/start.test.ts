import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { AgentBench } from "./harness";

describe("the agent's start", function () {
  this.timeout(60_000);
  let bench: AgentBench;
  before(async () => {
    bench = await AgentBench.create();
  });
  after(() => bench.close());

  it("fails with a line that names the variable when one has a value it can't have", async () => {
    const task = (await bench.task("bad-config", { PORT: "eighty", SECRET: "x" })).start();
    assert.equal(await task.ended(), 2);
    assert.match(task.output, /^PORT: /);
    assert.doesNotMatch(task.output, /eighty/);
  });

  it("fails when nginx can't listen", async () => {
    const first = await (await bench.task("listening")).startAndServe("built-in");
    const second = await bench.task("not-listening", { PORT: String(first.port) });
    try {
      second.start();
      assert.equal(await second.ended(20_000), 1);
      assert.match(second.output, /the proxy can't be started/);
    } finally {
      await first.stop();
    }
  });
});
