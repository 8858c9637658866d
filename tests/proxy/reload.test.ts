import assert from "node:assert/strict";
import { Agent } from "node:http";
import { describe, it } from "mocha";
import { ok } from "../support/mockNode";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

describe("reload", () => {
  it("fails no request of clients that keep their connections", () =>
    scene(
      [ok("0x1"), ok("0x1")],
      async ({ nginx, input }) => {
        let isOver = false as boolean;
        let answered = 0;
        const failures: unknown[] = [];
        const clients = Array.from({ length: 8 }, async (_, index) => {
          const agent = new Agent({ keepAlive: true, maxSockets: 1 });
          while (!isOver) {
            try {
              const answer = await nginx.post(request("eth_call", [answered]), { agent });
              if (answer.status !== 200 || answer.json.result === undefined) failures.push(answer);
              answered++;
            } catch (error) {
              failures.push(error);
            }
            // Some clients are idle between two calls, which is when a closing connection would hurt.
            if (index % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 20 * index));
          }
          agent.destroy();
        });
        for (let round = 0; round < 6; round++) {
          await nginx.reload({ ...input, settings: { ...input.settings, batchLimit: 50 + round } });
          const enough = answered + 200;
          await until(() => answered > enough, { what: "calls go on" });
        }
        isOver = true;
        await Promise.all(clients);
        assert.deepEqual(failures, []);
      },
      { workers: 2 },
    ));

  it("keeps workers on their way out from asking a node that is gone, and fails none of their calls", () =>
    scene([ok("0x1"), ok("0x2")], async ({ nginx, nodes, input }) => {
      const agents = Array.from({ length: 20 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
      const askAll = () => Promise.all(agents.map((agent) => nginx.post(request("eth_call"), { agent })));
      await askAll();
      const old = nginx.workerPids();
      await nginx.reload({
        ...input,
        nodes: input.nodes.map((node, index) => ({ ...node, drained: index === 0 })),
      });
      assert.ok(
        nginx.workerPids().some((pid) => old.includes(pid)),
        "an old worker still has connections",
      );
      nodes[0]!.reset(ok("0x1"));
      for (let round = 0; round < 3; round++) {
        for (const answer of await askAll()) assert.equal(answer.json.result, "0x2");
      }
      assert.equal(nodes[0]!.calls, 0);
      // And settings of the new release hold at once, through old connections too.
      await askAll();
      await nginx.reload({
        ...input,
        networks: [{ name: "mainnet", chainId: 1, blockedMethods: ["eth_call"] }],
      });
      for (const answer of await askAll()) assert.equal(answer.json.error.code, -32601);
      for (const agent of agents) agent.destroy();
    }));
});
