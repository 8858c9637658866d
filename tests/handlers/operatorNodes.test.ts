import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "mocha";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { systemClock } from "../../functions/adapters/systemClock";
import type { ProbeResult } from "../../functions/domain/verdict";
import { findDefaultNetwork, rememberedDefaultNetwork } from "../../functions/handlers/findDefaultNetwork";
import { type OperatorNode, syncOperatorNodes } from "../../functions/handlers/syncOperatorNodes";
import { LeaderExistsError, type Registry } from "../../functions/ports/registry";
import { type Emulators, startEmulators } from "../support/emulators";

describe("at the start", () => {
  let emulators: Emulators;
  let registry: Registry;
  let tables = 0;
  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());
  beforeEach(async () => {
    const tableName = `start-${tables++}`;
    await emulators.createTable(tableName);
    registry = createDynamoRegistry({
      client: emulators.dynamo,
      tableName,
      region: "here",
      clock: systemClock,
    });
  });

  describe("the operator's list", () => {
    const node = (name: string, isLeader = false): OperatorNode => ({
      network: "mainnet",
      url: `https://${name}.example/`,
      isLeader,
      weight: 100,
    });
    const present = async () =>
      (await registry.listNodes())
        .map((one) => `${one.url[8]}${one.isLeader ? "*" : ""} ${one.source}`)
        .sort();

    it("comes into the registry, and what is taken out of it leaves", async () => {
      assert.equal((await syncOperatorNodes(registry, [node("a"), node("b", true)])).added.length, 2);
      assert.deepEqual(await present(), ["a operator", "b* operator"]);
      assert.deepEqual(await syncOperatorNodes(registry, [node("a"), node("b", true)]), {
        added: [],
        removed: [],
      });
      assert.equal((await syncOperatorNodes(registry, [node("a"), node("c")])).removed.length, 1);
      assert.deepEqual(await present(), ["a operator", "c operator"]);
    });
    it("leaves nodes of the admin API alone, also those it names", async () => {
      await registry.addNode({ ...node("x"), source: "admin", drained: false });
      await registry.addNode({ ...node("a"), source: "admin", drained: false });
      await syncOperatorNodes(registry, [node("a")]);
      await syncOperatorNodes(registry, []);
      assert.deepEqual(await present(), ["a admin", "x admin"]);
    });
    it("keeps what was changed through the admin API", async () => {
      await syncOperatorNodes(registry, [node("a")]);
      const [a] = await registry.listNodes();
      await registry.updateNode(a?.id ?? "", { weight: 7, drained: true });
      await syncOperatorNodes(registry, [node("a")]);
      const [again] = await registry.listNodes();
      assert.deepEqual([again?.weight, again?.drained], [7, true]);
    });
    it("gives a node that stays its new headers and WebSocket URL", async () => {
      await syncOperatorNodes(registry, [{ ...node("a"), headers: { "x-api-key": "old" } }]);
      const [before] = await registry.listNodes();
      const renewed = { ...node("a"), headers: { "x-api-key": "new" }, wsUrl: "wss://a.example/" };
      assert.deepEqual(await syncOperatorNodes(registry, [renewed]), { added: [], removed: [] });
      const [now] = await registry.listNodes();
      assert.deepEqual([now?.id, now?.headers, now?.wsUrl], [before?.id, renewed.headers, renewed.wsUrl]);
      await syncOperatorNodes(registry, [node("a")]);
      const [bare] = await registry.listNodes();
      assert.deepEqual([bare?.headers, bare?.wsUrl], [undefined, undefined]);
    });
    it("moves leadership among its nodes, but takes it from nobody else", async () => {
      await syncOperatorNodes(registry, [node("a", true), node("b")]);
      await syncOperatorNodes(registry, [node("a"), node("b", true)]);
      assert.deepEqual(await present(), ["a operator", "b* operator"]);
      await syncOperatorNodes(registry, [node("c", true)]);
      assert.deepEqual(await present(), ["c* operator"]);
      await syncOperatorNodes(registry, []);
      await registry.addNode({ ...node("x", true), source: "admin", drained: false });
      await assert.rejects(syncOperatorNodes(registry, [node("a", true)]), LeaderExistsError);
    });
    it("counts a node that it names twice once", async () => {
      assert.equal((await syncOperatorNodes(registry, [node("a"), node("a")])).added.length, 1);
    });
  });

  describe("the default network", () => {
    const urls = ["https://a.example/", "https://b.example/", "https://c.example/"];
    const find = (chains: (number | undefined)[], asked: string[] = []) =>
      findDefaultNetwork(
        {
          registry,
          timeoutMs: 1000,
          prober: {
            probe: async ({ id: nodeId, url }): Promise<ProbeResult> => {
              asked.push(url);
              const chainId = chains[urls.indexOf(url)];
              return chainId === undefined
                ? { nodeId, ok: false, reason: "timeout", latencyMs: 1 }
                : { nodeId, ok: true, chainId, height: 1, syncing: false, latencyMs: 1 };
            },
          },
        },
        urls,
      );
    it("is what most nodes say, remembered", async () => {
      assert.deepEqual(await find([8453, 1, 1]), { name: "mainnet", chainId: 1 });
      const asked: string[] = [];
      assert.deepEqual(await find([8453, 8453, 8453], asked), { name: "mainnet", chainId: 1 });
      assert.deepEqual(asked, []);
      assert.deepEqual(await rememberedDefaultNetwork(registry), { name: "mainnet", chainId: 1 });
    });
    it("is named after its id when the chain is not known", async () => {
      assert.deepEqual(await find([undefined, 424242, undefined]), { name: "chain-424242", chainId: 424242 });
    });
    it("is not known, and nothing remembered, when no node answers", async () => {
      assert.equal(await find([undefined, undefined, undefined]), undefined);
      assert.equal(await rememberedDefaultNetwork(registry), undefined);
      assert.equal(await find([0, undefined, undefined]), undefined);
    });
  });
});
