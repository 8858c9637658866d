import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Behaviour, MockNode, RpcCall } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

const settings = { hedgeShare: 1, attemptTimeoutSeconds: 2 };

/** Answers at once, or not before it is let go when its hold is on. */
function holdable(): { behaviour: Behaviour; hold: boolean; letGo: () => void } {
  const waiting: (() => void)[] = [];
  const self = {
    hold: false,
    letGo: () => {
      self.hold = false;
      for (const go of waiting.splice(0)) go();
    },
    behaviour: (async ({ json }) => {
      const { id } = json as RpcCall;
      if (self.hold) await new Promise<void>((resolve) => waiting.push(resolve));
      return { jsonrpc: "2.0", id, result: "0x1" };
    }) as Behaviour,
  };
  return self;
}

const balance = (nginx: Nginx) => nginx.post(request("eth_getBalance", [`0x${"ab".repeat(20)}`, "latest"]));
const hedged = async (nginx: Nginx) =>
  Number(
    /gateway_hedged_calls_total\{network="mainnet"\} (\d+)/.exec(
      (await nginx.control("/metrics")).text,
    )?.[1] ?? 0,
  );

/** Until both nodes have been measured. */
const warmUp = (nginx: Nginx, nodes: MockNode[]) =>
  until(
    async () => {
      for (let i = 0; i < 20; i++) await balance(nginx);
      return nodes.every(({ calls }) => calls > 80);
    },
    { what: "it is known how long the nodes usually take" },
  );

describe("hedging", () => {
  it("races an idempotent call slower than the node's usual p95 on a second node", () => {
    const [a, b] = [holdable(), holdable()];
    return scene(
      [a.behaviour, b.behaviour],
      async ({ nginx, nodes }) => {
        await warmUp(nginx, nodes);
        let raced = 0;
        await until(
          async () => {
            const before = await hedged(nginx);
            a.hold = true;
            const startedAt = Date.now();
            assert.equal((await balance(nginx)).status, 200);
            raced = Date.now() - startedAt;
            a.letGo();
            if ((await hedged(nginx)) > before) return true;
            // It went to the other node; or the first answers were so slow that nothing is unusual yet.
            for (let i = 0; i < 20; i++) await balance(nginx);
            return false;
          },
          { what: "a call went to the slow node first", deadlineMs: 30_000 },
        );
        assert.ok(raced < 1500, `${raced} ms`);
        assert.equal((await balance(nginx)).status, 200);
      },
      { settings },
    );
  });

  it("sends nothing twice when it is switched off", () => {
    const [a, b] = [holdable(), holdable()];
    return scene(
      [a.behaviour, b.behaviour],
      async ({ nginx, nodes }) => {
        await warmUp(nginx, nodes);
        a.hold = b.hold = true;
        const before = nodes[0]!.calls + nodes[1]!.calls;
        const waiting = balance(nginx);
        await until(() => nodes[0]!.calls + nodes[1]!.calls > before, {
          what: "the call has reached a node",
        });
        await new Promise((resolve) => setTimeout(resolve, 200));
        a.letGo();
        b.letGo();
        assert.equal((await waiting).status, 200);
        assert.equal(nodes[0]!.calls + nodes[1]!.calls, before + 1);
        assert.equal(await hedged(nginx), 0);
      },
      { settings: { ...settings, hedgeShare: 0 } },
    );
  });

  it("never races what must not be sent twice", () => {
    const [a, b] = [holdable(), holdable()];
    return scene(
      [a.behaviour, b.behaviour],
      async ({ nginx, nodes }) => {
        await warmUp(nginx, nodes);
        a.hold = b.hold = true;
        const before = nodes[0]!.calls + nodes[1]!.calls;
        const writes = ["eth_sendTransaction", "eth_sendRawTransaction"].map((method) =>
          nginx.post(request(method, ["0x02"])),
        );
        await until(() => nodes[0]!.calls + nodes[1]!.calls >= before + 2, {
          what: "both have reached a node",
        });
        await new Promise((resolve) => setTimeout(resolve, 200));
        a.letGo();
        b.letGo();
        for (const answer of await Promise.all(writes)) assert.equal(answer.status, 200);
        assert.equal(nodes[0]!.calls + nodes[1]!.calls, before + 2);
        assert.equal(await hedged(nginx), 0);
      },
      { settings: { ...settings, broadcastNodes: 1, allowedMethods: ["eth_sendTransaction"] } },
    );
  });

  it("makes at most its share of extra calls", () => {
    const [a, b] = [holdable(), holdable()];
    return scene(
      [a.behaviour, b.behaviour],
      async ({ nginx, nodes }) => {
        await warmUp(nginx, nodes);
        const calls = nodes[0]!.calls + nodes[1]!.calls;
        a.hold = b.hold = true;
        const waiting = Array.from({ length: 40 }, () => balance(nginx));
        await until(() => nodes[0]!.calls + nodes[1]!.calls >= calls + 40, {
          what: "all have reached a node",
        });
        await new Promise((resolve) => setTimeout(resolve, 300));
        a.letGo();
        b.letGo();
        for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
        // One of eight calls is counted for eight, by chance: with some leeway.
        assert.ok(
          (await hedged(nginx)) <= Math.max(11, calls * 0.05 * 2),
          `${await hedged(nginx)} of ${calls}`,
        );
      },
      { settings: { ...settings, hedgeShare: 0.05 } },
    );
  });
});
