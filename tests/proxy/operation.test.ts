import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { hangs, httpStatus, ok, rpcError } from "../support/mockNode";
import { until } from "../support/poll";
import { nodeId } from "../support/pool";
import { request, scene } from "../support/scene";

describe("operation", () => {
  it("/health is what the agent says", () =>
    scene([ok("0x1")], async ({ nginx }) => {
      assert.equal((await nginx.get("/health")).status, 200);
      nginx.agentStatus = 503;
      assert.equal((await nginx.get("/health")).status, 503);
    }));

  it("/ready is true to within 2 s even when idle", () =>
    scene([ok("0x1"), ok("0x1")], async ({ nginx, nodes }) => {
      assert.deepEqual((await nginx.get("/ready")).json, { ready: true });
      const asked = () => nodes[0]!.calls + nodes[1]!.calls;
      await until(() => asked() === 2, { what: "both are asked" });
      for (let i = 0; i < 5; i++) assert.equal((await nginx.get("/ready")).status, 200);
      assert.equal(asked(), 2);
      nodes[0]!.reset(httpStatus(500));
      nodes[1]!.reset(hangs);
      await until(async () => (await nginx.get("/ready")).status === 503, {
        what: "not ready",
        deadlineMs: 2100,
      });
      nodes[1]!.reset(ok("0x1"));
      await until(async () => (await nginx.get("/ready")).status === 200, {
        what: "ready",
        deadlineMs: 2000,
      });
    }));

  it("counts every call by network, method, node and outcome, batch elements included", () =>
    scene([ok("0x1")], async ({ nginx }) => {
      await nginx.post(request("eth_call"));
      await nginx.post([request("eth_call"), request("foo_bar"), request("admin_x"), 7]);
      await nginx.post("x");
      const { text } = await nginx.control("/metrics");
      for (const line of [
        `gateway_calls_total{network="mainnet",method="eth_call",node="${nodeId(0)}",outcome="ok",cache="none"} 2`,
        `gateway_calls_total{network="mainnet",method="other",node="${nodeId(0)}",outcome="ok",cache="none"} 1`,
        'gateway_calls_total{network="mainnet",method="other",node="",outcome="refused",cache="none"} 1',
        'gateway_http_responses_total{status="200"} 2',
        'gateway_http_responses_total{status="400"} 1',
        `gateway_node_answer_seconds_count{network="mainnet",node="${nodeId(0)}"} 2`,
      ]) {
        assert.ok(text.includes(`${line}\n`), `${line}\n${text}`);
      }
      assert.equal((await nginx.get("/metrics")).text.includes("gateway_calls_total"), true);
      const { requestsByStatus, callsByNode } = (await nginx.control("/stats")).json;
      assert.deepEqual(requestsByStatus, { "200": 2, "400": 1 });
      assert.deepEqual([callsByNode[nodeId(0)]?.ok, callsByNode[nodeId(0)]?.failed], [3, 0]);
      assert.equal((await nginx.control("/nginx")).status, 200);
    }));

  it("logs one line per request, without params, keys or URLs", () =>
    scene([rpcError(3, "execution reverted: planted")], async ({ nginx, nodes, input }) => {
      const node = {
        ...input.nodes[0]!,
        url: `${nodes[0]!.url}v3/planted-secret?k=planted`,
        headers: { "X-Key": "planted" },
      };
      await nginx.reload({ ...input, nodes: [node] });
      await nginx.post(request("eth_call", ["planted-param"]));
      await nginx.post([request("eth_call"), request("eth_call")], { path: "/1?planted=1" });
      await nginx.post('{"jsonrpc":"2.0","id":1,"method":"planted\\"\\n\\u0000 x"}');
      await nginx.post("planted");
      const lines = await nginx.accessLog(4);
      assert.equal(lines.length, 4);
      const [single, batch] = lines;
      assert.match(String(single?.requestId), /^[0-9a-f]{12}(-\d+){3}$/);
      const { network, method, node: nodeName, status, attempts, outcome } = single!;
      assert.deepEqual(
        { network, method, nodeName, status, attempts, outcome },
        {
          network: "mainnet",
          method: "eth_call",
          nodeName: nodeId(0),
          status: 200,
          attempts: 1,
          outcome: "error",
        },
      );
      assert.deepEqual([batch?.batch, batch?.failed], [2, 2]);
      assert.doesNotMatch(JSON.stringify([lines[0], lines[1], lines[3]]), /planted/);
    }));

  it("logs params when told to", () =>
    scene(
      [ok("0x1")],
      async ({ nginx }) => {
        await nginx.post('{"jsonrpc":"2.0","id":1,"method":"eth_call","params":["a",\n"b"]}');
        const [line] = await nginx.accessLog(1);
        assert.deepEqual(line?.params, [["a", "b"]]);
      },
      { settings: { logParams: true } },
    ));
});
