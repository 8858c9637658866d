import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "mocha";
import type { Settings } from "../../functions/domain/settings";
import type { TaskHeartbeat } from "../../functions/domain/task";
import { redeploy } from "../../functions/handlers/redeploy";
import { createControlPlane, TestClock } from "../support/controlPlane";
import { type Emulators, startEmulators } from "../support/emulators";

const stored = (key = "current.json") => ({ Records: [{ s3: { object: { key } } }] });

describe("rollout", function () {
  this.timeout(20_000);
  let emulators: Emulators;
  let count = 0;
  let clock: TestClock;
  let plane: ReturnType<typeof createControlPlane>;
  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());
  beforeEach(async () => {
    clock = new TestClock();
    const region = `rollout-${count++}`;
    plane = createControlPlane({
      registry: emulators.registry(region, clock),
      releaseStore: await emulators.createBucket(region),
      clock,
    });
  });

  /** Publishes a release of different content; its version. */
  async function publish(): Promise<number> {
    const { registry, releaseStore } = plane;
    const options = { registry, releaseStore, clock, settings: { batchLimit: 1 + count++ } };
    return (await createControlPlane(options).handlers.Render()).version ?? 0;
  }
  const as = (rollout: Settings["rollout"], region = `r${count}`) =>
    redeploy({ ...plane, region, settings: { rollout, rolloutGraceSeconds: 60 } });
  const report = (taskId: string, more: Partial<TaskHeartbeat>) =>
    plane.registry.putTask({
      taskId,
      releaseVersion: 0,
      startedAt: "2025-12-31T00:00:00.000Z",
      reportedAt: clock.now().toISOString(),
      draining: false,
      counters: { requestsByStatus: {}, callsByNode: {} },
      ...more,
    });
  const currentInStore = async () => {
    const lookup = await plane.releaseStore.getCurrent();
    return lookup.status === "found" ? lookup.release.version : undefined;
  };

  describe("when a release is stored", () => {
    it("deploys with rollout redeploy, once a release", async () => {
      await publish();
      const handler = as("redeploy");
      assert.equal((await handler(stored())).redeployed, true);
      assert.equal((await handler(stored())).redeployed, false);
      await publish();
      assert.equal((await handler(stored())).redeployed, true);
      assert.equal(plane.deployer.reasons.length, 2);
    });
    it("deploys nothing with rollout reload, for other objects, and without a release", async () => {
      assert.equal((await as("redeploy")(stored())).redeployed, false);
      await publish();
      assert.equal((await as("reload")(stored())).redeployed, false);
      assert.equal((await as("redeploy")(stored("releases/0000000001.json"))).redeployed, false);
      assert.deepEqual(plane.deployer.reasons, []);
    });
    it("deploys nothing when going back from a bad release", async () => {
      await publish();
      const bad = await publish();
      await plane.registry.markReleaseBad(bad, "x");
      assert.equal((await as("redeploy")(stored())).redeployed, false);
    });
  });

  describe("at the end of a run", () => {
    it("marks a refused release bad, goes back to the newest good one, and redeploys nothing", async () => {
      const good = await publish();
      const bad = await publish();
      await report("t1", {
        releaseVersion: good,
        badRelease: { version: bad, note: "[emerg] in https://a.example/v3/planted" },
      });
      clock.advance(100);
      const outcome = await plane.handlers.CheckRollout({});
      assert.deepEqual(outcome, { redeployed: false, bad: [bad] });
      assert.equal((await plane.registry.currentRelease())?.version, good);
      assert.equal(await currentInStore(), good);
      const [record] = await plane.registry.listReleases(1);
      assert.equal(record?.status, "bad");
      assert.ok(record?.note?.includes("[emerg]") && !record.note.includes("planted"));
      assert.deepEqual(plane.deployer.reasons, []);
      assert.deepEqual((await plane.handlers.CheckRollout({})).bad, []);
    });
    it("does not publish what is known to be bad, but something else", async () => {
      await publish();
      const bad = await plane.handlers.Render();
      await report("t1", { badRelease: { version: bad.version ?? 0, note: "x" } });
      await plane.handlers.CheckRollout({});
      assert.deepEqual(await plane.handlers.Render(), { published: false, version: 1 });
      assert.ok(plane.log.messages.includes("What should run is known to be bad"));
      assert.equal(await publish(), 3);
    });
    it("replaces tasks that did not take the release within the grace, but not while a deployment is under way", async () => {
      const before = await publish();
      const version = await publish();
      await report("t1", { releaseVersion: before });
      await report("t2", { releaseVersion: version });
      plane.deployer.standing = { desiredTasks: 2, runningTasks: 2, deploymentInProgress: false };
      assert.equal((await plane.handlers.CheckRollout({})).redeployed, false);
      clock.advance(61);
      await report("t1", { releaseVersion: before });
      plane.deployer.standing.deploymentInProgress = true;
      assert.equal((await plane.handlers.CheckRollout({})).redeployed, false);
      plane.deployer.standing.deploymentInProgress = false;
      assert.equal((await plane.handlers.CheckRollout({})).redeployed, true);
      assert.equal(plane.deployer.reasons.length, 1);
    });
    it("repairs current.json when it is not what the registry says, or nothing at all", async () => {
      const first = await publish();
      const second = await publish();
      const old = await plane.releaseStore.getRelease(first);
      assert.ok(old);
      await plane.releaseStore.setCurrent(old);
      await plane.handlers.CheckRollout({});
      assert.equal(await currentInStore(), second);
    });
  });
});
