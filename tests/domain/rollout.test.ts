import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ReleaseRecord } from "../../functions/domain/release";
import { newRefusals, staleTasks } from "../../functions/domain/rollout";
import type { TaskHeartbeat } from "../../functions/domain/task";

const at = (seconds: number) =>
  new Date(Date.parse("2026-01-01T00:00:00.000Z") + seconds * 1000).toISOString();
const release = (version: number, more: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  version,
  sha256: "0".repeat(64),
  publishedAt: at(0),
  status: "good",
  ...more,
});
const task = (more: Partial<TaskHeartbeat> = {}): TaskHeartbeat => ({
  taskId: "t1",
  releaseVersion: 1,
  startedAt: at(-1000),
  reportedAt: at(95),
  draining: false,
  counters: { requestsByStatus: {}, callsByNode: {} },
  ...more,
});
const rules = (seconds: number, runningTasks = 1) => ({
  now: new Date(at(seconds)),
  graceSeconds: 60,
  runningTasks,
});

describe("stale tasks", () => {
  it("are those on an old release after the grace", () => {
    assert.equal(staleTasks([task()], release(2), rules(60)).length, 0);
    assert.equal(staleTasks([task()], release(2), rules(61)).length, 1);
  });
  const fine: [string, Partial<TaskHeartbeat>][] = [
    ["that runs the release", { releaseVersion: 2 }],
    ["that found the release bad", { badRelease: { version: 2, note: "x" } }],
    ["that drains", { draining: true }],
    ["that started after the publication", { startedAt: at(1) }],
  ];
  for (const [what, more] of fine) {
    it(`don't include one ${what}`, () =>
      assert.deepEqual(staleTasks([task(more)], release(2), rules(100)), []));
  }
  it("include a silent one as long as the service counts as many as reported", () => {
    const silent = task({ reportedAt: at(0) });
    assert.equal(staleTasks([silent], release(2), rules(100, 1)).length, 1);
    assert.equal(staleTasks([silent], release(2), rules(100, 0)).length, 0);
  });
  it("don't exist without a good release", () => {
    assert.deepEqual(staleTasks([task()], undefined, rules(100)), []);
    assert.deepEqual(staleTasks([task()], release(2, { status: "bad" }), rules(100)), []);
  });
});

describe("refusals", () => {
  it("are of releases not marked yet, one a version", () => {
    const tasks = [2, 2, 3, 9].map((version) => task({ badRelease: { version, note: "x" } }));
    const releases = [release(3, { status: "bad" }), release(2), release(1)];
    assert.deepEqual(newRefusals(tasks, releases), [{ version: 2, note: "x" }]);
  });
});
