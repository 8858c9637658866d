import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { secret, url, useAdminStage } from "./adminStage";

describe("admin API", function () {
  this.timeout(20_000);
  const stage = useAdminStage();
  const { add, send } = stage;

  describe("status", () => {
    const hostile = `"><script>alert(1)</script><b>&'`;
    beforeEach(async () => {
      const { id } = await add({ name: hostile });
      await add({ url: `${url}2`, is_leader: true });
      const at = "2026-01-01T00:00:00.000Z";
      await stage.registry.putStates([
        {
          nodeId: id,
          network: "mainnet",
          healthy: false,
          reason: "lagging",
          height: 89,
          lag: 11,
          latencyMs: 7,
          badStreak: 2,
          goodStreak: 0,
          everHealthy: true,
          inPool: false,
          since: at,
          checkedAt: at,
        },
      ]);
      await stage.registry.putReference({ network: "mainnet", height: 100, checkedAt: at });
      const record = { sha256: "ab".repeat(32), publishedAt: at, status: "good" as const };
      await stage.registry.publishRelease({ ...record, version: 1 }, undefined);
      await stage.registry.publishRelease({ ...record, version: 2 }, 1);
      await stage.registry.markReleaseBad(2, `[emerg] ${hostile}`);
      await stage.registry.putTask({
        taskId: hostile,
        releaseVersion: 1,
        badRelease: { version: 2, note: `in upstream ${url}` },
        startedAt: at,
        reportedAt: at,
        draining: false,
        counters: {
          requestsByStatus: { "2xx": 5 },
          callsByNode: { [id]: { ok: 3, failed: 1, latencyMsSum: 40 } },
        },
      });
    });
    it("tells networks, nodes, releases, tasks, without a secret", async () => {
      const { json, text } = await send("GET", "/status");
      assert.deepEqual(json.networks, [
        { name: "mainnet", chain_id: 1, is_default: true, reference_height: 100, nodes: 2, healthy_nodes: 0 },
        {
          name: "base",
          chain_id: 8453,
          is_default: false,
          reference_height: null,
          nodes: 0,
          healthy_nodes: 0,
        },
      ]);
      assert.equal(json.nodes.length, 2);
      assert.equal(json.release.version, 1);
      assert.deepEqual(
        json.releases.map((one: { version: number; status: string }) => [one.version, one.status]),
        [
          [2, "bad"],
          [1, "good"],
        ],
      );
      assert.equal(json.tasks[0].is_current, true);
      assert.equal(json.tasks[0].bad_release.version, 2);
      assert.equal(json.tasks[0].calls_by_node[0].mean_latency_ms, 10);
      assert.deepEqual(json.service, { desired_tasks: 1, running_tasks: 1, deployment_in_progress: false });
      assert.ok(!text.includes(secret));
    });
    it("is shown even when the service can't be asked", async () => {
      const deployer = { describe: () => Promise.reject(new Error("ECS is away")) };
      stage.use({
        deployer,
        workflow: { start: async () => undefined },
        networks: async () => ({ networks: [] }),
        allowedHosts: "any",
      });
      assert.equal(
        (await send("GET", "/status", undefined, { host: "x.execute-api.example" })).json.service,
        null,
      );
    });
  });
});
