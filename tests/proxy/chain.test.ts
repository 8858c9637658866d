import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { each, httpStatus, type MockNode, ok } from "../support/mockNode";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

const other = each(({ method }) => ({ result: method === "eth_chainId" ? "0x5" : "0xbad" }));
const asksForChain = ({ received }: MockNode) =>
  received.filter(({ text }) => text.includes("eth_chainId")).length;

describe("the chain", () => {
  it("is what the network says, whatever nodes say: nobody asks them", () =>
    scene(
      [other, httpStatus(500)],
      async ({ nginx, nodes }) => {
        for (const [method, result] of [
          ["eth_chainId", "0x7a69"],
          ["net_version", "31337"],
        ] as const) {
          for (const text of [
            `{"jsonrpc":"2.0","id":1.50,"method":"${method}","params":[]}`,
            `{"jsonrpc":"2.0","id":1.50,"method":"${method}"}`,
          ]) {
            const answer = await nginx.post(text);
            assert.equal(answer.text, `{"jsonrpc":"2.0","id":1.50,"result":"${result}"}`);
          }
        }
        const batch = await nginx.post([request("eth_chainId"), request("net_version")]);
        assert.deepEqual(batch.json, [
          { jsonrpc: "2.0", id: 1, result: "0x7a69" },
          { jsonrpc: "2.0", id: 1, result: "31337" },
        ]);
        assert.equal(nodes[0]!.calls + nodes[1]!.calls, 0);
        const { text } = await nginx.control("/metrics");
        assert.ok(text.includes('method="eth_chainId",node="",outcome="ok",cache="none"} 3'), text);
      },
      { rest: { networks: [{ name: "mainnet", chainId: 31_337 }] } },
    ));

  it("is not told when the methods are closed", () =>
    scene(
      [ok("0x1")],
      async ({ nginx }) => {
        assert.equal((await nginx.post(request("net_version"))).json.error.code, -32601);
      },
      { settings: { blockedMethods: ["net_*"] } },
    ));

  it("keeps an ejected node out while it is on another one", () =>
    scene(
      [httpStatus(500), ok("0x1")],
      async ({ nginx, nodes }) => {
        const [strayed] = nodes as [MockNode];
        await until(
          async () => {
            await nginx.post(request("eth_call"));
            return strayed.calls > 0;
          },
          { what: "the node is ejected" },
        );
        strayed.reset(other);
        await until(() => asksForChain(strayed) >= 3, { what: "three tries" });
        for (let i = 0; i < 10; i++) assert.equal((await nginx.post(request("eth_call"))).json.result, "0x1");
        strayed.reset(each(({ method }) => ({ result: method === "eth_chainId" ? "0x1" : "0x3" })));
        await until(async () => (await nginx.post(request("eth_call"))).text.includes("0x3"), {
          what: "it is back",
        });
      },
      { settings: { halfOpenAfterSeconds: 0.1, halfOpenMaxSeconds: 0.2 } },
    ));

  it("has to be the network's for a node to make the proxy ready", () =>
    scene([other], async ({ nginx }) => {
      assert.equal((await nginx.get("/ready")).status, 503);
    }));
});
