import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { TaskCounters } from "../../functions/domain/task";
import { hex } from "../support/chainNode";
import { type Behaviour, httpStatus, ok, raw, resets, rpcError } from "../support/mockNode";
import { until } from "../support/poll";
import { freePorts } from "../support/ports";
import { request, type Scene, scene } from "../support/scene";

/** What keeps a node from answering well, and how many requests it takes to find out. */
const faults: [string, Behaviour | "refused", number][] = [
  ["refuses the connection", "refused", 0],
  ["resets it", resets, 1],
  ["answers HTTP 500", httpStatus(500), 1],
  ["answers HTTP 429", httpStatus(429), 1],
  ["answers with an error of its own", rpcError(-32603, "internal error"), 1],
  ["answers something else", raw("<html>"), 1],
];

/** The node that failed is left alone for the rest of the test. */
const settings = { halfOpenAfterSeconds: 30 };

let nonce = 0;
const fresh = () => request("eth_call", [{ data: hex(0x10000 + nonce++) }, "latest"]);
const failures = async ({ nginx, input }: Scene) =>
  (JSON.parse((await nginx.control("/stats")).text) as TaskCounters).callsByNode[input.nodes[0]!.id]
    ?.failed ?? 0;

/** Asks until the failing node happened to be the first that was asked. @returns how often it took */
async function untilFailedOver(given: Scene, ask: () => Promise<void>): Promise<number> {
  let requests = 0;
  await until(
    async () => {
      await ask();
      requests++;
      return (await failures(given)) > 0;
    },
    { what: "the failing node was asked first", everyMs: 0 },
  );
  return requests;
}

describe("a failover costs one extra round trip", () => {
  for (const [what, fault, reached] of faults) {
    it(`when the node ${what}: one more request, and none before another node is asked`, async () => {
      const [nobody] = await freePorts(1);
      const refused = fault === "refused" ? [{ url: `http://127.0.0.1:${nobody}/` }] : [];
      await scene(
        [fault === "refused" ? ok("0x1") : fault, ok("0x2")],
        async (given) => {
          const { nginx, nodes } = given;
          const requests = await untilFailedOver(given, async () => {
            const { status, json } = await nginx.post(fresh());
            assert.deepEqual([status, json.result], [200, "0x2"]);
          });
          assert.equal(nodes[0]!.received.length, reached);
          assert.equal(nodes[1]!.received.length, requests);
          assert.equal(await failures(given), 1);
        },
        { specs: refused, settings },
      );
    });
  }

  it("for a whole batch together", () =>
    scene(
      [httpStatus(500), ok("0x2")],
      async (given) => {
        const { nginx, nodes } = given;
        const batch = () => [fresh(), fresh(), fresh()];
        const requests = await untilFailedOver(given, async () => {
          assert.equal((await nginx.post(batch())).status, 200);
        });
        assert.equal(nodes[0]!.received.length, 1);
        assert.equal(nodes[1]!.received.length, requests);
      },
      { settings },
    ));
});
