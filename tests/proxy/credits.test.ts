import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { TaskCounters } from "../../functions/domain/task";
import { callsOf, hex, onChain } from "../support/chainNode";
import { type Behaviour, httpStatus, ok, type RpcCall } from "../support/mockNode";
import { until } from "../support/poll";
import { request, type Scene, scene } from "../support/scene";

const limited = { limits: { monthlyCredits: 1_000_000 } };
let nonce = 0;
const fresh = () => request("eth_call", [{ data: hex(0x10000 + nonce++) }, "latest"]);
const credits = async ({ nginx }: Scene) =>
  (JSON.parse((await nginx.control("/stats")).text) as TaskCounters).creditsByNode ?? {};
/** Each limited node's count is that of the calls it has got. */
const isExact = async (given: Scene) => {
  const counted = await credits(given);
  return given.input.nodes.every(({ id, limits }, index) =>
    limits?.monthlyCredits === undefined
      ? counted[id] === undefined
      : (counted[id] ?? 0) === given.nodes[index]!.calls,
  );
};
const settled = (given: Scene, what: string) =>
  until(() => isExact(given), { what: `the counts are exact ${what}`, everyMs: 20 });
const failsOn =
  (method: string): Behaviour =>
  (received, ...rest) =>
    (Array.isArray(received.json) ? received.json : [received.json as RpcCall]).some(
      (call) => (call as RpcCall).method === method,
    )
      ? httpStatus(500)(received, ...rest)
      : ok("0x1")(received, ...rest);

describe("calls to a node with monthly credits are counted when they are sent:", () => {
  it("single ones, each of a batch, those that fail, second tries, and every copy of a write", () =>
    scene(
      [failsOn("eth_getBalance"), ok("0x1"), ok("0x1")],
      async (given) => {
        const { nginx, nodes } = given;
        for (let i = 0; i < 10; i++) assert.equal((await nginx.post(fresh())).status, 200);
        await settled(given, "after single calls");
        const batch = [
          ...Array.from({ length: 30 }, fresh),
          request("eth_getBalance", [`0x${"0".repeat(40)}`, "latest"]),
        ];
        assert.equal((await nginx.post(batch)).status, 200);
        await settled(given, "after a batch");
        // The one that has failed is ejected, if it was asked: a write goes to nodes in the rotation.
        await until(async () => !/in_rotation\{[^}]*\} 0/.test((await nginx.control("/metrics")).text), {
          what: "all nodes are in the rotation",
        });
        await nginx.post(request("eth_sendRawTransaction", ["0x02"]));
        await until(() => nodes.every((node) => callsOf(node, "eth_sendRawTransaction").length > 0), {
          what: "every node has the transaction",
        });
        await settled(given, "after a write");
        assert.ok(Object.keys(await credits(given)).length === 2);
      },
      { specs: [limited, limited], workers: 2 },
    ));

  it("streamed ones, with those of nodes that failed before", () =>
    scene(
      [httpStatus(500), httpStatus(500), ok("0x1")],
      async (given) => {
        const { nginx } = given;
        const { status } = await nginx.post(request("debug_traceBlock", ["0xf90211"]));
        assert.equal(status, 200);
        await settled(given, "after a stream");
      },
      { specs: [limited, limited, limited], settings: { allowedMethods: ["debug_*"] } },
    ));

  it("questions of the proxy's own: heads and trials", () =>
    scene(
      [onChain({ height: 100 }), onChain({ height: 100 })],
      async (given) => {
        const { nginx, nodes } = given;
        await until(
          async () => {
            await nginx.post(fresh());
            return nodes.every((node) => callsOf(node, "eth_getBlockByNumber").length > 0);
          },
          { what: "heads are polled" },
        );
        await settled(given, "with polls");
      },
      { specs: [limited, limited], settings: { headPollSeconds: 0.3 } },
    ));

  it("not at all without such a limit", () =>
    scene([ok("0x1")], async (given) => {
      await given.nginx.post(fresh());
      assert.deepEqual(await credits(given), {});
      assert.doesNotMatch((await given.nginx.control("/metrics")).text, /credits/);
    }));
});
