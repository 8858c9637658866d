import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "mocha";
import type { RegisteredNode } from "../../functions/domain/node";
import type { AddNode } from "../../functions/ports/registry";
import { createControlPlane, TestClock } from "../support/controlPlane";
import { type Emulators, startEmulators } from "../support/emulators";
import { MockNode } from "../support/mockNode";
import { runWorkflow } from "../support/runWorkflow";

/** What the nodes of the test say, by the first part of their path. */
type Says = { height: number; chainId?: number; status?: number; hang?: boolean };

const settings = { probeTimeoutSeconds: 0.3 };

describe("health check against the emulators", function () {
  this.timeout(20_000);
  let emulators: Emulators;
  let mock: MockNode;
  let regions = 0;
  let clock: TestClock;
  let plane: ReturnType<typeof createControlPlane>;
  let says: Record<string, Says>;

  before(async () => {
    [emulators, mock] = await Promise.all([startEmulators(), MockNode.start()]);
    mock.behaviour = ({ url, json }, response) => {
      if (Array.isArray(json)) return "[]";
      const said = says[url.split("/")[1] ?? ""];
      if (!said || said.hang) return undefined;
      if (said.status) response.statusCode = said.status;
      const quantity = (value: number) => `0x${value.toString(16)}`;
      const results: Record<string, unknown> = {
        eth_chainId: quantity(said.chainId ?? 1),
        eth_blockNumber: quantity(said.height),
        eth_syncing: false,
      };
      return { jsonrpc: "2.0", id: json.id, result: results[json.method] };
    };
  });
  after(() => Promise.all([emulators.close(), mock.close()]));
  beforeEach(async () => {
    clock = new TestClock();
    says = { a: { height: 100 }, b: { height: 101 }, c: { height: 100 } };
    const region = `region-${regions++}`;
    const registry = emulators.registry(region, clock);
    for (const node of await registry.listNodes()) await registry.deleteNode(node.id);
    plane = createControlPlane({
      registry,
      releaseStore: await emulators.createBucket(region),
      clock,
      settings,
    });
  });

  const add = (name: string, more: Partial<AddNode> = {}): Promise<RegisteredNode> =>
    plane.registry.addNode({
      network: "mainnet",
      url: `${mock.url}${name}/planted-secret`,
      isLeader: false,
      weight: 100,
      drained: false,
      source: "admin",
      ...more,
    });
  const run = async (mode: "healthCheck" | "render" = "healthCheck") => {
    clock.advance(60);
    const output = await runWorkflow(plane.handlers, mode).result;
    assert.ok(!JSON.stringify([output, plane.log.lines]).includes("planted-secret"));
  };
  const version = async () => (await plane.registry.currentRelease())?.version;
  const poolOf = async () => {
    const stored = await plane.releaseStore.getCurrent();
    assert.ok(stored.status === "found");
    assert.equal(stored.release.version, await version());
    const pool = JSON.parse(stored.release.files["pool.json"]) as { networks: { nodes: { id: string }[] }[] };
    return pool.networks[0]?.nodes.map((node) => node.id);
  };
  const sorted = (...nodes: RegisteredNode[]) => nodes.map((node) => node.id).sort();

  it("publishes a release without nodes when there are none, once", async () => {
    await run();
    await run();
    assert.equal(await version(), 1);
    assert.deepEqual(await poolOf(), []);
  });
  it("follows nodes that die and come back, and publishes only when something changes", async () => {
    const [a, b, c] = await Promise.all([add("a"), add("b"), add("c")]);
    await run();
    assert.deepEqual(await poolOf(), sorted(a, b, c));
    for (let height = 102; height < 105; height++) {
      says = { a: { height }, b: { height }, c: { height } };
      await run();
    }
    assert.equal(await version(), 1);
    says.b = { height: 104, hang: true };
    says.c = { height: 104, status: 500 };
    await run();
    assert.equal(await version(), 1);
    await run();
    assert.equal(await version(), 2);
    assert.deepEqual(await poolOf(), sorted(a));
    const states = await plane.registry.listStates();
    assert.deepEqual(
      new Map(states.map((state) => [state.nodeId, state.reason])),
      new Map([
        [a.id, "ok"],
        [b.id, "timeout"],
        [c.id, "http_error"],
      ] as const),
    );
    says.b = says.c = { height: 104 };
    await run();
    await run();
    assert.equal(await version(), 3);
    assert.deepEqual(await poolOf(), sorted(a, b, c));
    assert.equal(plane.log.messages.filter((message) => message === "Release published").length, 3);
  });
  it("uses the leader only when nobody else is healthy, and keeps the last pool when all are dead", async () => {
    const [leader, a] = await Promise.all([add("b", { isLeader: true }), add("a")]);
    await run();
    assert.deepEqual(await poolOf(), [a.id]);
    says.a = { height: 100, hang: true };
    await run();
    await run();
    assert.deepEqual(await poolOf(), [leader.id]);
    says.b = { height: 100, hang: true };
    await run();
    await run();
    await run();
    assert.deepEqual(await poolOf(), [leader.id]);
    assert.equal(await version(), 2);
  });
  it("takes a node on a wrong chain out at once, and one that lags", async () => {
    const [, b, c] = await Promise.all([add("a"), add("b"), add("c")]);
    await run();
    says.a = { height: 100, chainId: 5 };
    await run();
    assert.deepEqual(await poolOf(), sorted(b, c));
    says.b = { height: 89 };
    await run();
    await run();
    assert.deepEqual(await poolOf(), [c.id]);
    assert.equal((await plane.registry.listStates()).find((s) => s.nodeId === b.id)?.lag, 11);
  });
  it("takes a node out whose credits of the month all tasks together have used up, until the first of the next", async () => {
    clock = new TestClock(Date.parse("2026-01-31T23:50:00.000Z"));
    const region = `region-${regions++}`;
    const registry = emulators.registry(region, clock);
    plane = createControlPlane({
      registry,
      releaseStore: await emulators.createBucket(region),
      clock,
      settings,
    });
    // Other regions of the table, those of other tests, count for the same plan.
    const limited = { url: `${mock.url}a/${region}`, limits: { monthlyCredits: 100 } };
    const [a, b] = await Promise.all([add("a", limited), add("b")]);
    const startedAt = clock.now().toISOString();
    const tell = (taskId: string, spent: number, more: object = {}) =>
      registry.putTask({
        taskId,
        releaseVersion: 1,
        startedAt,
        reportedAt: clock.now().toISOString(),
        draining: false,
        counters: { requestsByStatus: {}, callsByNode: {}, creditsByNode: { [a.id]: spent } },
        ...more,
      });
    await Promise.all([tell("one", 40), tell("two", 40)]);
    await run();
    assert.deepEqual(await poolOf(), sorted(a, b));
    // Three of each probe, and what a task had counted when it left.
    await tell("two", 50, { left: true });
    await run();
    const used = async () => (await registry.listStates()).find(({ nodeId }) => nodeId === a.id)?.creditsUsed;
    assert.equal(await used(), 96);
    await run();
    assert.equal(await used(), 99);
    await tell("one", 41);
    await run();
    assert.deepEqual(await poolOf(), [b.id]);
    const { reason } = (await registry.listStates()).find(({ nodeId }) => nodeId === a.id)!;
    assert.equal(reason, "out_of_credits");
    clock.advance(600);
    await run();
    assert.deepEqual(await poolOf(), sorted(a, b));
    assert.equal(await used(), 3);
  });
  it("counts the calls of one run once, also when it is tried again or meets another", async () => {
    const a = await add("a", { limits: { monthlyCredits: 100 } });
    const plan = await plane.handlers.ListNodes();
    const batches = await Promise.all(plan.batches.map((batch) => plane.handlers.ProbeBatch(batch)));
    const judge = () => plane.handlers.Evaluate({ startedAt: plan.startedAt, batches });
    await Promise.all([judge(), judge(), judge()]);
    await judge();
    assert.deepEqual((await plane.registry.creditCounts()).here?.spent, { [a.id]: 3 });
  });
  it("takes a drained and a deleted node out with a render alone", async () => {
    const [a, b, c] = await Promise.all([add("a"), add("b"), add("c")]);
    await run();
    await plane.registry.updateNode(a.id, { drained: true });
    await run("render");
    assert.deepEqual(await poolOf(), sorted(b, c));
    await plane.registry.deleteNode(b.id);
    await run("render");
    assert.deepEqual(await poolOf(), [c.id]);
  });
  it("hands over to a healthy leader with a render alone", async () => {
    const [leader, a] = await Promise.all([add("b", { isLeader: true }), add("a")]);
    await run();
    await plane.registry.deleteNode(a.id);
    await run("render");
    assert.deepEqual(await poolOf(), [leader.id]);
  });
  it("does not bring back a node that is deleted during a run", async () => {
    const [a, b] = await Promise.all([add("a"), add("b")]);
    const evaluate = plane.handlers.Evaluate;
    plane.handlers.Evaluate = async (input) => {
      if (await plane.registry.getNode(b.id)) await plane.registry.deleteNode(b.id);
      return evaluate(input);
    };
    await run();
    assert.deepEqual(await poolOf(), [a.id]);
    assert.deepEqual(
      (await plane.registry.listStates()).map((state) => state.nodeId),
      [a.id],
    );
  });
  it("lets overlapping runs agree", async () => {
    await Promise.all([add("a"), add("b"), add("c")]);
    await Promise.all([run(), run(), run(), run()]);
    const last = await version();
    assert.ok(last !== undefined && (await poolOf())?.length === 3);
    await run();
    assert.equal(await version(), last);
  });
  it("keeps what travels through the workflow free of URLs and small", async () => {
    await Promise.all([add("a"), add("b"), add("c")]);
    const inputs: string[] = [];
    for (const [name, handler] of Object.entries(plane.handlers)) {
      Object.assign(plane.handlers, {
        [name]: async (input: never) => {
          const output = await handler(input);
          inputs.push(JSON.stringify([input, output]));
          return output;
        },
      });
    }
    await run();
    assert.ok(inputs.length >= 5);
    for (const text of inputs) assert.ok(!text.includes("planted-secret") && !text.includes("http:"));
  });
  it("catches up after a publication that failed half-way", async () => {
    const store = plane.releaseStore;
    const { putRelease, setCurrent } = store;
    await add("a");
    store.setCurrent = async () => {
      throw new Error("S3 is away");
    };
    await run();
    assert.equal(await version(), 1);
    store.setCurrent = setCurrent;
    await run();
    assert.equal((await poolOf())?.length, 1);
    store.putRelease = async () => {
      throw new Error("S3 is away");
    };
    await add("b");
    await run();
    assert.equal(await version(), 2);
    store.putRelease = putRelease;
    await run();
    assert.equal((await poolOf())?.length, 2);
    assert.equal(await version(), 2);
  });
});
