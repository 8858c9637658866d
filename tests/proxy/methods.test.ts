import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { defaultSettings } from "../../functions/domain/settings";
import { each } from "../support/mockNode";
import { request, scene } from "../support/scene";

const echo = each(({ method }) => ({ result: method }));
/** One method that a pattern stands for. */
const example = (pattern: string) => pattern.replace("*", "something");

describe("methods", () => {
  it("of each closed family are answered with −32601 and reach no node, alone and in a batch", () =>
    scene([echo], async ({ nginx, nodes }) => {
      const families = "admin_ debug_ trace_ engine_ miner_ personal_ clique_ les_ txpool_ eth_sign".split(
        " ",
      );
      const closed = [...families.map((family) => `${family}something`), "eth_sendTransaction"];
      for (const method of closed) {
        const answer = await nginx.post(request(method));
        assert.deepEqual([answer.status, answer.json.error?.code], [200, -32601], method);
      }
      const batch = await nginx.post(closed.map((method) => request(method)));
      for (const { error } of batch.json as unknown as { error: { code: number } }[])
        assert.equal(error.code, -32601);
      assert.equal(nodes[0]!.calls, 0);
      // And no family that is not named above.
      assert.deepEqual(defaultSettings("aws").blockedMethods.map(example).sort(), closed.sort());
    }));

  it("are opened and closed by a network's setting, with wildcards, on that network only", () =>
    scene(
      [echo, echo],
      async ({ nginx }) => {
        const asked = async (network: string, method: string) => {
          const { json } = await nginx.post(request(method), { path: `/${network}` });
          return json.error?.code ?? json.result;
        };
        for (const [method, onMainnet, onBase] of [
          ["debug_traceCall", -32601, "debug_traceCall"],
          ["debug_setHead", -32601, -32601],
          ["txpool_content", -32601, "txpool_content"],
          ["eth_getLogs", "eth_getLogs", -32601],
          ["eth_getTransactionCount", "eth_getTransactionCount", -32601],
          ["eth_gasPrice", "eth_gasPrice", "eth_gasPrice"],
          ["personal_sign", -32601, -32601],
        ] as const) {
          const seen = [await asked("mainnet", method), await asked("base", method)];
          assert.deepEqual(seen, [onMainnet, onBase], method);
        }
      },
      {
        specs: [{}, { network: "base" }],
        rest: {
          networks: [
            { name: "mainnet", chainId: 1 },
            {
              name: "base",
              chainId: 8453,
              allowedMethods: ["debug_trace*", "txpool_content"],
              blockedMethods: ["eth_getLogs", "eth_get*Count"],
            },
          ],
        },
      },
    ));
});
