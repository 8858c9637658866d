import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "mocha";
import type { NodeState } from "../../functions/domain/verdict";
import { createAdminApp } from "../../functions/handlers/admin/app";
import { createControlPlane, MemoryLog, TestClock } from "../support/controlPlane";
import { type Emulators, startEmulators } from "../support/emulators";

const secret = "planted-secret-0123456789";

describe("history", function () {
  this.timeout(20_000);
  let emulators: Emulators;
  let count = 0;
  let clock: TestClock;
  let plane: ReturnType<typeof createControlPlane>;
  let nodeId: string;
  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());
  beforeEach(async () => {
    clock = new TestClock();
    const table = `history-${count++}`;
    const releaseStore = await emulators.createBucket(table);
    plane = createControlPlane({ registry: emulators.registry(table, clock), releaseStore, clock });
    for (const node of await plane.registry.listNodes()) await plane.registry.deleteNode(node.id);
    const url = `https://a.example/v3/${secret}`;
    const rest = { network: "mainnet", isLeader: false, weight: 100, drained: false };
    nodeId = (await plane.registry.addNode({ ...rest, url, source: "admin" })).id;
  });

  const app = () =>
    createAdminApp({
      ...plane,
      workflow: { start: async (mode) => void (mode === "render" && (await plane.handlers.Render())) },
      allowedHosts: "any",
      log: new MemoryLog(),
    });
  const ask = async (path: string, method = "GET") => {
    const headers = method === "GET" ? undefined : { "content-type": "application/json" };
    const response = await app().request(`http://localhost${path}`, { method, headers });
    const text = await response.text();
    assert.ok(!text.includes(secret), text);
    return { status: response.status, json: text ? JSON.parse(text) : undefined };
  };
  async function run(more: Partial<NodeState>, requests: number) {
    const at = clock.now().toISOString();
    const state: NodeState = {
      ...{ nodeId, network: "mainnet", healthy: true, reason: "ok", height: 100, lag: 0, latencyMs: 5 },
      ...{ badStreak: 0, goodStreak: 1, everHealthy: true, inPool: true, since: at, checkedAt: at },
      ...more,
    };
    await plane.registry.putStates([state]);
    await plane.registry.putTask({
      ...{ taskId: "task", releaseVersion: 1, startedAt: at, reportedAt: at, draining: false },
      counters: {
        requestsByStatus: { "200": requests },
        callsByNode: { [nodeId]: { ok: requests, failed: 1, latencyMsSum: 1 } },
      },
    });
    await plane.handlers.CheckRollout({});
  }
  const kinds = async () => (await plane.registry.listEvents(50)).map((event) => event.kind);

  it("keeps a minute's worst values and the requests that came in it", async () => {
    await run({}, 1000);
    clock.advance(20);
    await run({ lag: 12, healthy: false, reason: "lagging" }, 1030);
    clock.advance(20);
    await run({ lag: 1 }, 1050);
    const { json } = await ask("/history?window=15m");
    assert.equal(json.points.length, 1);
    const [point] = json.points;
    assert.equal(point.networks.mainnet.healthy_nodes, 0);
    assert.deepEqual(point.networks.mainnet.nodes[nodeId], { height: 100, lag: 12, healthy: false });
    assert.deepEqual(point.requests_by_status, { "200": 50 });
    assert.deepEqual(point.calls_by_node, { [nodeId]: { ok: 50, failed: 0 } });
  });

  it("has one point a minute, one for ten minutes in a day, and forgets after 24 hours", async () => {
    for (let minute = 0; minute < 25; minute++) {
      await run({ lag: minute }, 100 * minute);
      clock.advance(60);
    }
    const lags = async (window: string) =>
      (await ask(`/history?window=${window}`)).json.points.map(
        (point: { networks: { mainnet: { nodes: Record<string, { lag: number }> } } }) =>
          point.networks.mainnet.nodes[nodeId]?.lag,
      );
    assert.deepEqual(
      await lags("15m"),
      Array.from({ length: 15 }, (_, index) => 10 + index),
    );
    assert.equal((await lags("1h")).length, 25);
    assert.deepEqual(await lags("24h"), [9, 19, 24]);
    clock.advance(25 * 3600);
    assert.deepEqual(await lags("24h"), []);
  });

  it("writes little: the state of each run, a minute when it is over, and events", async () => {
    const { registry } = plane;
    const written: string[] = [];
    for (const name of ["putHistoryState", "putHistoryMinute", "putEvents"] as const) {
      const write = registry[name] as (...args: never[]) => Promise<never>;
      Object.assign(registry, {
        [name]: (...args: never[]) => {
          if (name !== "putEvents" || (args[0] as unknown as object[]).length > 0) written.push(name);
          return write(...args);
        },
      });
    }
    for (let minute = 0; minute < 10; minute++) {
      await run({}, minute);
      clock.advance(60);
    }
    assert.equal(written.filter((name) => name === "putHistoryState").length, 10);
    assert.equal(written.filter((name) => name === "putHistoryMinute").length, 9);
    assert.equal(written.filter((name) => name === "putEvents").length, 1);
  });

  it("tells who left and joined and why, and what became of releases and tasks", async () => {
    await plane.handlers.Render();
    await run({}, 1);
    assert.deepEqual((await kinds()).sort(), [
      "node_added",
      "node_joined",
      "release_published",
      "task_started",
    ]);
    clock.advance(5);
    await run({ healthy: false, reason: "lagging" }, 1);
    const { events } = (await ask("/events?limit=1")).json;
    assert.deepEqual(events, [
      {
        at: clock.now().toISOString(),
        kind: "node_left",
        node_id: nodeId,
        label: "https://a.example/…",
        network: "mainnet",
        reason: "lagging",
      },
    ]);
    clock.advance(5);
    await plane.registry.markReleaseBad(1, `refused https://a.example/v3/${secret}`);
    await plane.registry.deleteNode(nodeId);
    await plane.registry.deleteTask("task");
    await plane.handlers.CheckRollout({});
    assert.deepEqual((await kinds()).slice(0, 3).sort(), ["node_removed", "release_bad", "task_stopped"]);
    await ask("/events");
  });

  it("lets one of two runs at once write", async () => {
    await run({}, 1);
    const state = await plane.registry.historyState();
    assert.ok(state);
    const later = { ...state, at: "2026-01-01T00:00:30.000Z" };
    assert.equal(await plane.registry.putHistoryState(later, state.at), true);
    assert.equal(await plane.registry.putHistoryState({ ...later, at: "x" }, state.at), false);
    assert.equal((await plane.registry.historyState())?.at, later.at);
  });

  it("refuses what can't be asked for", async () => {
    for (const path of [
      "/history?window=2h",
      "/history?window=toString",
      "/events?limit=0",
      "/events?limit=x",
    ]) {
      assert.equal((await ask(path)).status, 400, path);
    }
  });

  describe("going back to a release", () => {
    const drain = async (drained: boolean) => {
      await plane.registry.updateNode(nodeId, { drained });
      return plane.handlers.Render();
    };
    const shas = async () => {
      const releases = await plane.registry.listReleases(10);
      return releases.map((release) => release.sha256);
    };
    beforeEach(async () => {
      await run({}, 1);
      await plane.handlers.Render();
      await drain(true);
    });

    it("publishes its content as a new version, and stays there until unpinned", async () => {
      assert.equal((await ask("/releases/1/rollback", "POST")).status, 200);
      const [third, second, first] = await shas();
      assert.equal(third, first);
      assert.notEqual(second, first);
      assert.equal((await plane.releaseStore.getRelease(3))?.sha256, first);
      await plane.registry.updateNode(nodeId, { weight: 7 });
      const probed = { startedAt: clock.now().toISOString(), batches: [] };
      assert.deepEqual(await plane.handlers.Evaluate(probed), { changed: false });
      assert.equal((await plane.handlers.Render()).published, false);
      const { json } = await ask("/releases");
      assert.deepEqual([json.current_version, json.pinned_version], [3, 1]);
      assert.equal((await ask("/status")).json.pinned_version, 1);
      assert.equal((await ask("/releases/pin", "DELETE")).status, 204);
      assert.equal((await plane.registry.currentRelease())?.version, 4);
    });

    it("is refused for a bad release and for one that is not there", async () => {
      await plane.registry.markReleaseBad(1, "no");
      assert.equal((await ask("/releases/1/rollback", "POST")).status, 409);
      for (const version of ["9", "0", "x", "-1"]) {
        assert.equal((await ask(`/releases/${version}/rollback`, "POST")).status, 404, version);
      }
      assert.equal((await ask("/releases/1")).json.status, "bad");
    });

    it("ends by itself when that release is refused: the newest is in force again", async () => {
      await ask("/releases/1/rollback", "POST");
      await plane.registry.markReleaseBad(3, "refused");
      const { sha256 } = (await plane.registry.currentRelease())!;
      await plane.handlers.Render();
      assert.equal(await plane.registry.pinnedRelease(), undefined);
      assert.equal((await plane.registry.currentRelease())?.sha256, sha256);
    });
  });
});
