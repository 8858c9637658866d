import assert from "node:assert/strict";
import { Agent } from "node:http";
import { describe, it } from "mocha";
import { type Behaviour, each, type RpcCall } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";
import { share } from "../support/shares";

const asked = ({ params }: RpcCall): string => (params as string[])[0]!;
/** Each call gets back what it asked for. */
const echo = each((call) => ({ result: asked(call) }));

describe("calls at the same time", () => {
  // Each of these counts takes contexts from another reserve besides those before it: see nginx.conf.ejs.
  for (const count of [3, 40, 100]) {
    for (const path of ["/", "/mainnet"]) {
      it(`get their own answers, ${count} of them on ${path}, and other methods are told from them`, async () => {
        let release = () => {};
        const held = new Promise<void>((resolve) => {
          release = resolve;
        });
        const waits: Behaviour = async (...received) => {
          await held;
          return echo(...received);
        };
        await scene(
          [waits],
          async ({ nginx, nodes }) => {
            for (let round = 0; round < 2; round++) {
              const calls = Array.from({ length: count }, async (_, index) => {
                const own = `0x${round}${index.toString(16).padStart(4, "0")}`;
                const answer = await nginx.post(request("eth_getBalance", [own, "latest"]), { path });
                assert.deepEqual([answer.status, answer.json.result], [200, own]);
              });
              await until(() => nodes[0]!.calls === count * (round + 1), {
                what: "all calls are at the node",
              });
              assert.equal((await nginx.send("GET", path)).status, 405);
              assert.equal((await nginx.send("OPTIONS", path)).status, 204);
              release();
              await Promise.all(calls);
            }
          },
          { settings: { attemptTimeoutSeconds: 20, hedgeShare: 0 } },
        ).finally(release);
      });
    }
  }

  it("are shared by weight among nodes as single ones are", () =>
    scene(
      [echo, echo, echo],
      async ({ nginx, nodes }) => {
        const isRight = async () => {
          for (const node of nodes) node.received.length = 0;
          await sendsAtOnce(nginx, 24, 100);
          const [most, some] = [share(nodes[0]!, nodes), share(nodes[1]!, nodes)];
          return most > 0.6 && most < 0.9 && some > 0.05 && some < 0.3;
        };
        await until(isRight, { what: "the shares are right", deadlineMs: 20_000 });
      },
      { specs: [{ weight: 400 }, { weight: 100 }, { weight: 100 }] },
    ));
});

let next = 0;
/** So many clients that each send one call after the other. */
async function sendsAtOnce(nginx: Nginx, clients: number, callsOfEach: number): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const client = async () => {
    for (let i = 0; i < callsOfEach; i++) {
      const answer = await nginx.post(request("eth_getBalance", [`0x${(next++).toString(16)}`, "latest"]), {
        agent,
      });
      assert.equal(answer.status, 200, answer.text);
    }
  };
  await Promise.all(Array.from({ length: clients }, client)).finally(() => agent.destroy());
}
