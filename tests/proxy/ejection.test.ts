import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { each, hangs, httpStatus, type MockNode, ok, resets, rpcError } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";
import { share, untilEachHas } from "../support/shares";

async function sends(nginx: Nginx, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const answer = await nginx.post(request("eth_call", [i]));
    assert.equal(answer.status, 200, answer.text);
  }
}
/** Sends calls until `condition` holds. */
const sendsUntil = (nginx: Nginx, condition: () => boolean, what: string, deadlineMs = 10_000) =>
  until(
    async () => {
      await sends(nginx, 2);
      return condition();
    },
    { what, deadlineMs },
  );
/** What was slow because the machine was busy is measured again and again: shares are right in the end. */
const eventually = (nodes: MockNode[], holds: () => Promise<void>) =>
  until(
    async () => {
      for (const node of nodes) node.received.length = 0;
      await holds();
      return true;
    },
    { what: "the shares are right" },
  );
/** An ejected node stays out while a test runs. */
const neverTried = { halfOpenAfterSeconds: 60 };
const slow =
  (ms: number) =>
  async (...args: Parameters<ReturnType<typeof ok>>) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ok("0x1")(...args);
  };

describe("ejection", () => {
  it("takes a failing node out after its first failure, and tries it once a wait", () =>
    scene(
      [httpStatus(500), ok("0x2")],
      async ({ nginx, nodes }) => {
        const [bad] = nodes as [MockNode];
        await sendsUntil(nginx, () => bad.calls > 0, "the bad node is asked");
        const started = Date.now();
        while (Date.now() - started < 2500) await sends(nginx, 10);
        // The first call, then tries after 0.5 s and 1 s more.
        assert.ok(bad.calls >= 2 && bad.calls <= 4, `${bad.calls} calls`);
        assert.deepEqual(bad.received.at(-1)?.json, {
          jsonrpc: "2.0",
          id: 1,
          method: "eth_chainId",
          params: [],
        });
      },
      { settings: { halfOpenAfterSeconds: 0.5 } },
    ));

  it("brings a node back by itself, without a call having to suffer", () =>
    scene(
      [hangs, ok("0x2")],
      async ({ nginx, nodes }) => {
        await sendsUntil(nginx, () => nodes[0]!.calls > 0, "the bad node is asked");
        nodes[0]!.reset(ok("0x1"));
        await sendsUntil(
          nginx,
          () => nodes[0]!.received.some(({ json }) => "method" in json && json.method === "eth_call"),
          "the node is back",
          4000,
        );
      },
      { settings: { halfOpenAfterSeconds: 0.3, attemptTimeoutSeconds: 0.3 } },
    ));

  it("does not count what a caller can bring about: errors that quote the method", () => {
    const unknown = rpcError(-32601, "the method billing does not exist/is not available");
    return scene(
      [unknown, unknown],
      async ({ nginx, nodes }) => {
        await nginx.post(request("billing"));
        for (const node of nodes) node.reset(ok("0x1"));
        await untilEachHas(
          11,
          () => nodes.map(({ calls }) => calls),
          () => sends(nginx, 1),
        );
      },
      { settings: neverTried },
    );
  });

  it("does not count errors of the call itself", () =>
    scene(
      [rpcError(3, "execution reverted"), rpcError(-32602, "invalid argument 0")],
      async ({ nginx, nodes }) => {
        await untilEachHas(
          21,
          () => nodes.map(({ calls }) => calls),
          () => sends(nginx, 1),
        );
        assert.match((await nginx.control("/metrics")).text, /gateway_node_in_rotation\{[^}]*\} 1/);
        assert.doesNotMatch((await nginx.control("/metrics")).text, /gateway_node_in_rotation\{[^}]*\} 0/);
      },
      { settings: neverTried },
    ));

  it("does not count what every node does with a call", () => {
    const poison = each(({ params }) =>
      (params as string[])[0] === "poison"
        ? { error: { code: -32603, message: "Internal error" } }
        : { result: "0x1" },
    );
    return scene([poison, poison, poison], async ({ nginx }) => {
      for (let i = 0; i < 5; i++)
        assert.equal((await nginx.post(request("eth_call", ["poison"]))).status, 502);
      assert.doesNotMatch((await nginx.control("/metrics")).text, /gateway_node_in_rotation\{[^}]*\} 0/);
      await sends(nginx, 10);
    });
  });

  it("tries ejected nodes anyway when all are", () =>
    scene([httpStatus(429), httpStatus(429)], async ({ nginx, nodes }) => {
      assert.equal((await nginx.post(request("eth_call"))).status, 502);
      nodes[1]!.reset(ok("0x2"));
      await sends(nginx, 5);
    }));

  it("obeys Retry-After", () =>
    scene(
      [httpStatus(429, "", { "retry-after": "2" }), ok("0x2")],
      async ({ nginx, nodes }) => {
        await sendsUntil(nginx, () => nodes[0]!.calls > 0, "the limited node is asked");
        const started = Date.now();
        nodes[0]!.reset(ok("0x1"));
        await sendsUntil(nginx, () => nodes[0]!.calls > 0, "it is asked again");
        assert.ok(Date.now() - started > 1500);
      },
      { settings: { halfOpenAfterSeconds: 0.1 } },
    ));

  it("lets a node that is out of credit rest for minutes", () =>
    scene(
      [rpcError(-32000, "monthly capacity limit exceeded"), ok("0x2")],
      async ({ nginx, nodes }) => {
        await sendsUntil(nginx, () => nodes[0]!.calls > 0, "the node is asked");
        const startedAt = Date.now();
        while (Date.now() - startedAt < 800) await sends(nginx, 10);
        assert.equal(nodes[0]!.received.length, 1, "no call, nor a trial");
      },
      { settings: { halfOpenAfterSeconds: 0.1, halfOpenMaxSeconds: 0.2 } },
    ));

  it("tells the operator which node refuses access", () =>
    scene([httpStatus(401), ok("0x2")], async ({ nginx, nodes }) => {
      await sendsUntil(nginx, () => nodes[0]!.calls > 0, "the node is asked");
      const { text } = await nginx.control("/metrics");
      assert.match(
        text,
        /gateway_node_failures_total\{[^}]*node="n0000000000000001",failure="refused"\} 1\n/,
      );
      assert.match(text, /gateway_node_in_rotation\{[^}]*node="n0000000000000001"\} 0\n/);
    }));

  it("is known to all workers", () =>
    scene(
      [resets, ok("0x2")],
      async ({ nginx, nodes }) => {
        await Promise.all(Array.from({ length: 40 }, () => sends(nginx, 5)));
        assert.ok(nodes[0]!.calls < 60, `${nodes[0]!.calls} calls`);
      },
      { workers: 2 },
    ));

  it("leaves equal nodes equal shares", () =>
    scene([ok("0x1"), ok("0x1"), ok("0x1")], async ({ nginx, nodes }) => {
      await eventually(nodes, async () => {
        await sends(nginx, 600);
        for (const node of nodes) {
          const part = share(node, nodes);
          assert.ok(part > 0.2 && part < 0.47, `${part}`);
        }
      });
    }));

  it("does not keep weights from counting", () =>
    scene(
      [ok("0x1"), ok("0x1")],
      async ({ nginx, nodes }) => {
        await eventually(nodes, async () => {
          await sends(nginx, 500);
          const part = share(nodes[0]!, nodes);
          assert.ok(part > 0.62 && part < 0.88, `${part}`);
        });
      },
      { specs: [{ weight: 300 }, { weight: 100 }] },
    ));

  it("is not needed for a slow node to get less", () =>
    scene([slow(200), slow(2), slow(2)], async ({ nginx, nodes }) => {
      await Promise.all(Array.from({ length: 8 }, () => sends(nginx, 50)));
      const part = share(nodes[0]!, nodes);
      assert.ok(part > 0.02 && part < 0.25, `${part}`);
    }));
});
