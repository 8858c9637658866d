import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { plotPolicies, runPolicies } from "../../bench/autoscaling/run";
import { policies, scenario } from "../../bench/autoscaling/scenario";
import { simulate } from "../../bench/autoscaling/simulate";

describe("autoscaling, simulated", () => {
  const { "requests per target": requests, CPU: cpu } = runPolicies();

  it("recovers from a step of load sooner on requests per target than on CPU, and loses less", () => {
    const shown = JSON.stringify([requests.outcome, cpu.outcome]);
    assert.ok(requests.outcome.recoverySeconds > 0, shown);
    assert.ok(requests.outcome.recoverySeconds < 0.75 * cpu.outcome.recoverySeconds, shown);
    assert.ok(requests.outcome.lostRequests < cpu.outcome.lostRequests, shown);
  });

  it("needs no more tasks for it, as CPU that is used up says nothing of how much is missing", () => {
    assert.equal(requests.outcome.mostTasks, cpu.outcome.mostTasks);
    const inOneGo = new Set(requests.samples.map((sample) => sample.tasks));
    assert.deepEqual([...inOneGo], [2, 10, 2].slice(0, inOneGo.size));
  });

  it("goes back to the fewest tasks when the load has fallen", () => {
    for (const { samples } of [requests, cpu]) assert.equal(samples.at(-1)!.tasks, scenario.minTasks);
  });

  it("leaves a steady load alone", () => {
    for (const policy of Object.values(policies)) {
      const samples = simulate({ ...scenario, load: () => 1_500 }, policy);
      assert.ok(samples.every((sample) => sample.tasks === 2 && sample.lost === 0));
    }
  });

  it("is what docs/autoscaling.svg shows", () => {
    const text = readFileSync(join(__dirname, "../../docs/autoscaling.svg"), "utf8");
    assert.equal(text, plotPolicies(), "npm run docs");
  });
});
