import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import type { NodeState } from "../../functions/domain/verdict";
import { type Emulators, startEmulators } from "../support/emulators";
import { registryContract } from "./registryContract";

describe("DynamoDB registry", () => {
  let emulators: Emulators;
  let tables = 0;
  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());

  async function open() {
    let now = new Date("2026-01-01T00:00:00.000Z");
    const tableName = `table-${tables++}`;
    await emulators.createTable(tableName);
    const registry = (region = "here") =>
      createDynamoRegistry({ client: emulators.dynamo, tableName, region, clock: { now: () => now } });
    const setNow = (instant: string) => {
      now = new Date(instant);
    };
    return { registry, setNow };
  }

  registryContract("DynamoDB", { open });

  it("lists 1,000 nodes and writes 1,000 states within seconds", async function () {
    this.timeout(30_000);
    const registry = (await open()).registry();
    const add = (index: number) =>
      registry.addNode({
        network: "mainnet",
        url: `https://node-${index}.example/${"x".repeat(1000)}`,
        isLeader: false,
        weight: 100,
        drained: false,
        source: "admin",
      });
    const ids: string[] = [];
    for (let start = 0; start < 1000; start += 100) {
      const added = await Promise.all(Array.from({ length: 100 }, (_, index) => add(start + index)));
      ids.push(...added.map((node) => node.id));
    }
    const started = performance.now();
    assert.equal((await registry.listNodes()).length, 1000);
    const state = (nodeId: string): NodeState => ({
      nodeId,
      network: "mainnet",
      healthy: true,
      reason: "ok",
      badStreak: 0,
      goodStreak: 1,
      everHealthy: true,
      inPool: true,
      since: "2026-01-01T00:00:00.000Z",
      checkedAt: "2026-01-01T00:00:00.000Z",
    });
    assert.deepEqual((await registry.putStates(ids.map(state))).refused, []);
    assert.equal((await registry.listStates()).length, 1000);
    assert.ok(performance.now() - started < 10_000);
  });
});
