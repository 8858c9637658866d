import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import type { CreditCount } from "../../functions/domain/credits";
import { keyHash } from "../../functions/domain/keys/keyText";
import type { ReleaseRecord } from "../../functions/domain/release";
import type { TaskHeartbeat } from "../../functions/domain/task";
import type { NodeState } from "../../functions/domain/verdict";
import {
  type AddNode,
  KeyNotFoundError,
  LeaderExistsError,
  NodeExistsError,
  NodeNotFoundError,
  type Registry,
} from "../../functions/ports/registry";

export interface RegistryUnderTest {
  /** Several views of one empty registry. */
  open(): Promise<{ registry: (region?: string) => Registry; setNow(instant: string): void }>;
}

const url = (name: string) => `https://${name}.example/v3/secret`;
const newNode = (name: string, more: Partial<AddNode> = {}): AddNode => ({
  network: "mainnet",
  url: url(name),
  isLeader: false,
  weight: 100,
  drained: false,
  source: "admin",
  ...more,
});
const minute = (n: number) => `2026-01-01T00:${String(n).padStart(2, "0")}:00.000Z`;
const state = (nodeId: string, at: number, more: Partial<NodeState> = {}): NodeState => ({
  nodeId,
  network: "mainnet",
  healthy: true,
  reason: "ok",
  height: 1,
  lag: 0,
  latencyMs: 5,
  badStreak: 0,
  goodStreak: 1,
  everHealthy: true,
  inPool: true,
  since: minute(0),
  checkedAt: minute(at),
  ...more,
});
const release = (version: number): ReleaseRecord => ({
  version,
  sha256: String(version).repeat(64).slice(0, 64),
  publishedAt: minute(version),
  status: "good",
});
const heartbeat = (taskId: string): TaskHeartbeat => ({
  taskId,
  releaseVersion: 1,
  startedAt: minute(0),
  reportedAt: minute(1),
  draining: false,
  counters: { requestsByStatus: { "2xx": 5 }, callsByNode: { n1: { ok: 4, failed: 1, latencyMsSum: 9.5 } } },
});

/** What every registry must do. */
export function registryContract(name: string, underTest: RegistryUnderTest): void {
  describe(`${name}: registry`, () => {
    let registry: Registry;
    let elsewhere: Registry;
    let setNow: (instant: string) => void;
    beforeEach(async () => {
      const opened = await underTest.open();
      setNow = opened.setNow;
      setNow(minute(0));
      registry = opened.registry("here");
      elsewhere = opened.registry("elsewhere");
    });

    describe("keys", () => {
      const rules = {
        name: "shop",
        networks: ["mainnet"],
        ratePerSecond: 2.5,
        burst: 7,
        expiresAt: minute(9),
        origins: ["https://app.example.org"],
        methods: ["eth_*"],
      };

      it("are made up, and kept as hashes only", async () => {
        const { key, text } = await registry.addKey(rules);
        assert.match(text, /^gw_[\w-]{43}$/);
        assert.match(key.id, /^k[0-9a-f]{16}$/);
        assert.deepEqual(key, { ...rules, id: key.id, hash: keyHash(text), whenCreated: minute(0) });
        assert.deepEqual(await elsewhere.listKeys(), [key]);
        const second = await registry.addKey({ name: "shop" });
        assert.notEqual(second.text, text);
        assert.deepEqual(Object.keys(second.key).sort(), ["hash", "id", "name", "whenCreated"]);
        assert.equal((await registry.listKeys()).length, 2);
      });
      it("outlive their expiry until somebody removes them", async () => {
        const { key } = await registry.addKey(rules);
        setNow(minute(30));
        assert.deepEqual(await registry.listKeys(), [key]);
      });
      it("change the version when they come and go", async () => {
        assert.equal(await registry.keysVersion(), undefined);
        const { key } = await registry.addKey(rules);
        const first = await elsewhere.keysVersion();
        assert.equal(await registry.keysVersion(), first);
        await registry.deleteKey(key.id);
        assert.deepEqual(await elsewhere.listKeys(), []);
        const second = await registry.keysVersion();
        assert.equal(new Set([undefined, first, second]).size, 3);
      });
      it("that are not there can't be removed", async () => {
        await assert.rejects(registry.deleteKey("k0000000000000000"), KeyNotFoundError);
        const { key } = await registry.addKey(rules);
        await registry.deleteKey(key.id);
        await assert.rejects(registry.deleteKey(key.id), KeyNotFoundError);
      });
    });

    describe("nodes", () => {
      it("gives back what was added, with an id that does not depend on anything else", async () => {
        const input = newNode("a", {
          name: "A",
          headers: { "x-key": "k" },
          limits: { maxConcurrency: 5 },
          wsUrl: "wss://a.example/",
        });
        const node = await registry.addNode(input);
        assert.match(node.id, /^n[0-9a-f]{16}$/);
        assert.deepEqual(node, { ...input, id: node.id, whenAdded: minute(0) });
        assert.deepEqual(await registry.getNode(node.id), node);
        assert.deepEqual(await elsewhere.listNodes(), [node]);
        await registry.deleteNode(node.id);
        assert.equal((await elsewhere.addNode(input)).id, node.id);
      });
      it("refuses the same URL twice in a network, also at the same time", async () => {
        const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => registry.addNode(newNode("a"))));
        assert.equal(outcomes.filter((one) => one.status === "fulfilled").length, 1);
        for (const one of outcomes)
          if (one.status === "rejected") assert.ok(one.reason instanceof NodeExistsError);
        await registry.addNode(newNode("a", { network: "base" }));
        assert.equal((await registry.listNodes()).length, 2);
      });
      it("changes what a patch names, removes what it sets to null, and leaves the rest", async () => {
        const { id } = await registry.addNode(newNode("a", { name: "A", limits: { monthlyCredits: 7 } }));
        const patched = await registry.updateNode(id, {
          weight: 5,
          drained: true,
          name: null,
          maxConcurrency: 3,
        });
        assert.equal(patched.weight, 5);
        assert.equal(patched.drained, true);
        assert.equal(patched.name, undefined);
        assert.deepEqual(patched.limits, { monthlyCredits: 7, maxConcurrency: 3 });
        assert.equal(patched.url, url("a"));
        assert.deepEqual(await registry.updateNode(id, {}), patched);
        const without = await registry.updateNode(id, { monthlyCredits: null, maxConcurrency: null });
        assert.equal(without.limits, undefined);
      });
      it("knows nothing of nodes that are not there", async () => {
        assert.equal(await registry.getNode("n0000000000000000"), undefined);
        await assert.rejects(registry.deleteNode("n0000000000000000"), NodeNotFoundError);
        await assert.rejects(registry.updateNode("n0000000000000000", { weight: 1 }), NodeNotFoundError);
        await assert.rejects(registry.updateNode("n0000000000000000", { isLeader: true }), NodeNotFoundError);
      });
      it("finds several at once, more than a batch takes", async () => {
        const nodes = await Promise.all(
          Array.from({ length: 120 }, (_, i) => registry.addNode(newNode(`n${i}`))),
        );
        const ids = nodes.map((node) => node.id);
        const found = await registry.getNodes([...ids, ids[0] ?? "", "n0000000000000000"]);
        assert.deepEqual(new Set(found.map((node) => node.id)), new Set(ids));
        assert.deepEqual(await registry.getNodes([]), []);
      });
    });

    describe("leader", () => {
      it("is one a network", async () => {
        const a = await registry.addNode(newNode("a", { isLeader: true }));
        assert.equal(a.isLeader, true);
        await assert.rejects(registry.addNode(newNode("b", { isLeader: true })), LeaderExistsError);
        assert.equal((await registry.listNodes()).length, 1);
        await registry.addNode(newNode("c", { isLeader: true, network: "base" }));
        const d = await registry.addNode(newNode("d"));
        await assert.rejects(registry.updateNode(d.id, { isLeader: true, weight: 7 }), LeaderExistsError);
        assert.equal((await registry.getNode(d.id))?.weight, 100);
      });
      it("is one even when many want it at once", async () => {
        await Promise.allSettled(
          Array.from({ length: 8 }, (_, i) => registry.addNode(newNode(`n${i}`, { isLeader: true }))),
        );
        assert.ok((await registry.listNodes()).filter((node) => node.isLeader).length <= 1);
      });
      it("makes way when it steps down or is removed", async () => {
        const a = await registry.addNode(newNode("a", { isLeader: true }));
        const b = await registry.addNode(newNode("b"));
        assert.equal((await registry.updateNode(a.id, { isLeader: true })).isLeader, true);
        assert.equal((await registry.updateNode(a.id, { isLeader: false })).isLeader, false);
        assert.equal((await registry.updateNode(b.id, { isLeader: true })).isLeader, true);
        await registry.deleteNode(b.id);
        assert.equal((await registry.updateNode(a.id, { isLeader: true })).isLeader, true);
      });
      it("stays when the same URL is added again", async () => {
        const a = await registry.addNode(newNode("a", { isLeader: true }));
        await assert.rejects(registry.addNode(newNode("a", { isLeader: true })), NodeExistsError);
        assert.equal((await registry.getNode(a.id))?.isLeader, true);
      });
    });

    describe("states and references", () => {
      it("are kept by region", async () => {
        await registry.putStates([state("n1", 1)]);
        assert.deepEqual(await registry.listStates(), [state("n1", 1)]);
        assert.deepEqual(await elsewhere.listStates(), []);
      });
      it("are not overwritten by an older run, and the caller is told", async () => {
        await registry.putStates([state("n1", 2)]);
        const { refused } = await registry.putStates([state("n1", 1, { healthy: false }), state("n2", 1)]);
        assert.deepEqual(refused, ["n1"]);
        const states = await registry.listStates();
        assert.equal(states.find((one) => one.nodeId === "n1")?.healthy, true);
        assert.deepEqual((await registry.putStates([state("n1", 3), state("n2", 3)])).refused, []);
      });
      it("recover from a clock that was far ahead", async () => {
        await registry.putStates([state("n1", 59)]);
        assert.deepEqual((await registry.putStates([state("n1", 3)])).refused, []);
      });
      it("drop what is undefined", async () => {
        await registry.putStates([state("n1", 1, { height: undefined, lag: undefined })]);
        const [read] = await registry.listStates();
        assert.ok(read && !("height" in read));
      });
      it("end with their node", async () => {
        const { id } = await registry.addNode(newNode("a"));
        await registry.putStates([state(id, 1)]);
        await registry.deleteNode(id);
        assert.deepEqual(await registry.listStates(), []);
      });
      it("expire when nobody renews them", async () => {
        await registry.putStates([state("n1", 1)]);
        setNow("2026-01-09T00:00:00.000Z");
        assert.deepEqual(await registry.listStates(), []);
      });
      it("hold references by network, rising in time", async () => {
        await registry.putReference({ network: "mainnet", height: 100, checkedAt: minute(2) });
        await registry.putReference({
          network: "base",
          height: 7,
          blockTimeSeconds: 2,
          checkedAt: minute(2),
        });
        await registry.putReference({ network: "mainnet", height: 50, checkedAt: minute(1) });
        assert.deepEqual(await registry.listReferences(), [
          { network: "base", height: 7, blockTimeSeconds: 2, checkedAt: minute(2) },
          { network: "mainnet", height: 100, checkedAt: minute(2) },
        ]);
        assert.deepEqual(await elsewhere.listReferences(), []);
      });
    });

    describe("releases", () => {
      it("rise by one, and only from the one that the publisher knows", async () => {
        assert.equal(await registry.currentRelease(), undefined);
        assert.equal(await registry.publishRelease(release(2), undefined), false);
        assert.equal(await registry.publishRelease(release(1), undefined), true);
        assert.equal(await registry.publishRelease(release(1), undefined), false);
        assert.equal(await registry.publishRelease(release(2), undefined), false);
        assert.equal(await registry.publishRelease(release(3), 1), false);
        assert.equal(await registry.publishRelease(release(2), 1), true);
        assert.deepEqual(await registry.currentRelease(), release(2));
        assert.deepEqual(await registry.listReleases(10), [release(2), release(1)]);
        assert.deepEqual(await registry.listReleases(1), [release(2)]);
        assert.equal(await elsewhere.currentRelease(), undefined);
      });
      it("are published by one of many at once", async () => {
        const outcomes = await Promise.all(
          [1, 2, 3, 4, 5].map(() => registry.publishRelease(release(1), undefined)),
        );
        assert.equal(outcomes.filter(Boolean).length, 1);
      });
      it("go back to the newest good one when one is bad, and on from the highest", async () => {
        await registry.publishRelease(release(1), undefined);
        await registry.publishRelease(release(2), 1);
        await registry.publishRelease(release(3), 2);
        assert.equal((await registry.markReleaseBad(2, "no"))?.version, 3);
        assert.equal((await registry.markReleaseBad(3, "unknown directive"))?.version, 1);
        assert.equal((await registry.markReleaseBad(3, "unknown directive"))?.version, 1);
        assert.equal((await registry.currentRelease())?.version, 1);
        const statuses = (await registry.listReleases(10)).map((one) => [one.version, one.status, one.note]);
        assert.deepEqual(statuses, [
          [3, "bad", "unknown directive"],
          [2, "bad", "no"],
          [1, "good", undefined],
        ]);
        assert.equal(await registry.publishRelease(release(2), 1), false);
        assert.equal(await registry.publishRelease(release(4), 1), true);
      });
      it("have none current when all are bad, and go on", async () => {
        await registry.publishRelease(release(1), undefined);
        assert.equal(await registry.markReleaseBad(1, "no"), undefined);
        assert.equal(await registry.currentRelease(), undefined);
        assert.equal(await registry.publishRelease(release(1), undefined), false);
        assert.equal(await registry.publishRelease(release(2), undefined), true);
      });
      it("sort by number", async () => {
        for (let v = 1; v <= 12; v++) await registry.publishRelease(release(v), v === 1 ? undefined : v - 1);
        assert.deepEqual(
          (await registry.listReleases(3)).map((one) => one.version),
          [12, 11, 10],
        );
      });
    });

    describe("counts of credits", () => {
      const count = (at: number, spent: number): CreditCount => ({
        at: minute(at),
        month: "2026-01",
        spent: { n1: spent },
        tasks: { [`t1 ${minute(0)}`]: { reportedAt: minute(at), credits: { n1: spent } } },
      });

      it("are one a region, and every region reads all", async () => {
        assert.deepEqual(await registry.creditCounts(), { here: undefined, elsewhere: [] });
        assert.equal(await registry.putCreditCount(count(1, 5), undefined), true);
        assert.equal(await elsewhere.putCreditCount(count(2, 7), undefined), true);
        assert.deepEqual(await registry.creditCounts(), { here: count(1, 5), elsewhere: [count(2, 7)] });
        assert.deepEqual(await elsewhere.creditCounts(), { here: count(2, 7), elsewhere: [count(1, 5)] });
      });
      it("are written by one of many at once", async () => {
        const first = await Promise.all(
          [1, 2, 3].map((at) => registry.putCreditCount(count(at, at), undefined)),
        );
        assert.equal(first.filter(Boolean).length, 1);
        const { here } = await registry.creditCounts();
        const second = await Promise.all(
          [4, 5, 6].map((at) => registry.putCreditCount(count(at, at), here?.at)),
        );
        assert.equal(second.filter(Boolean).length, 1);
      });
    });

    describe("tasks and facts", () => {
      it("keep the newest heartbeat of each task by region until it expires or is deleted", async () => {
        await registry.putTask(heartbeat("t1"));
        await registry.putTask({ ...heartbeat("t1"), releaseVersion: 2 });
        await registry.putTask(heartbeat("t2"));
        assert.deepEqual(
          (await registry.listTasks()).map((task) => [task.taskId, task.releaseVersion]),
          [
            ["t1", 2],
            ["t2", 1],
          ],
        );
        assert.deepEqual((await registry.listTasks())[1], heartbeat("t2"));
        assert.deepEqual(await elsewhere.listTasks(), []);
        await registry.deleteTask("t2");
        await registry.deleteTask("t2");
        setNow(minute(10));
        assert.deepEqual(await registry.listTasks(), []);
      });
      it("tell what tasks have counted for an hour after they left or fell silent", async () => {
        await registry.putTask(heartbeat("t1"));
        await registry.putTask({ ...heartbeat("t2"), left: true });
        const ids = async () => (await registry.listReports()).map((report) => report.taskId);
        assert.deepEqual(
          (await registry.listTasks()).map((task) => task.taskId),
          ["t1"],
        );
        assert.deepEqual(await ids(), ["t1", "t2"]);
        assert.deepEqual(await elsewhere.listReports(), []);
        await registry.putTask({ ...heartbeat("t2"), startedAt: minute(1) });
        assert.equal((await registry.listTasks()).length, 2);
        assert.deepEqual(await ids(), ["t1", "t2", "t2"]);
        setNow(minute(50));
        assert.deepEqual(await registry.listTasks(), []);
        assert.deepEqual(await ids(), ["t1", "t2", "t2"]);
        setNow("2026-01-01T03:00:00.000Z");
        assert.deepEqual(await ids(), []);
      });
      it("remember facts", async () => {
        assert.equal(await registry.getFact("x"), undefined);
        await registry.putFact("x", "1");
        await registry.putFact("x", "2");
        assert.equal(await elsewhere.getFact("x"), "2");
      });
    });
  });
}
