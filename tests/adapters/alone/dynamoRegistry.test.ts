import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { createDynamoRegistry } from "../../../functions/adapters/dynamoRegistry";
import { systemClock } from "../../../functions/adapters/systemClock";
import type { NodeState } from "../../../functions/domain/verdict";
import { startEmulators } from "../../support/emulators";

describe("DynamoDB registry", () => {
  it("lists 1,000 nodes and writes 1,000 states within seconds", async function () {
    this.timeout(30_000);
    const emulators = await startEmulators();
    try {
      await emulators.createTable("many");
      const registry = createDynamoRegistry({
        client: emulators.dynamo,
        tableName: "many",
        region: "here",
        clock: systemClock,
      });
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
    } finally {
      await emulators.close();
    }
  });
});
