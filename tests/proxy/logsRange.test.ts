import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Chain, callsOf, hex, onChain } from "../support/chainNode";
import { httpStatus } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { mainnet } from "../support/pool";
import { request, scene } from "../support/scene";

/** A node that does as geth did for long: what lies beyond its head is left out, without a word. */
function withLogs(height: number): Chain {
  const chain: Chain = {
    height,
    other: ({ method, params }) => {
      if (method !== "eth_getLogs") return undefined;
      const [{ fromBlock = "latest", toBlock = "latest" }] = params as [Record<string, string>];
      const bound = (tag: string) => (tag.startsWith("0x") ? Number(tag) : chain.height);
      const blocks: string[] = [];
      for (let at = bound(fromBlock); at <= Math.min(bound(toBlock), chain.height); at++)
        blocks.push(hex(at));
      return { result: blocks.map((blockNumber) => ({ blockNumber })) };
    },
  };
  return chain;
}

const polled = {
  settings: { headPollSeconds: 0.4 },
  rest: { networks: [{ ...mainnet, blockTimeSeconds: 1 }] },
};
const logs = (nginx: Nginx, filter: object) => nginx.post(request("eth_getLogs", [filter]));
const reaches = (nginx: Nginx, height: number) =>
  until(async () => Number((await nginx.post(request("eth_blockNumber"))).json.result) === height, {
    what: `the head is ${height}`,
  });

describe("eth_getLogs", () => {
  it("beyond a node's head goes to a node that has the range", () => {
    const nodes = [withLogs(100), withLogs(95), withLogs(90)];
    return scene(nodes.map(onChain), async ({ nginx }) => {
      for (let i = 0; i < 12; i++) {
        const { json } = await logs(nginx, { fromBlock: hex(96), toBlock: hex(100 - (i % 2)) });
        assert.equal((json.result as unknown as unknown[]).length, 5 - (i % 2), JSON.stringify(json));
      }
    });
  });

  it("beyond every node's head fails clearly: never silently partial", () => {
    const nodes = [withLogs(100), withLogs(95)];
    return scene(nodes.map(onChain), async ({ nginx, nodes: mocks }) => {
      const { status, json } = await logs(nginx, { fromBlock: hex(96), toBlock: hex(101) });
      assert.equal(status, 200);
      assert.deepEqual(json.error, {
        code: -32602,
        message: "block range extends beyond current head block",
      });
      for (const mock of mocks) assert.equal(callsOf(mock, "eth_getLogs").length, 0);
      const batch = await nginx.post([
        request("eth_getLogs", [{ fromBlock: hex(99), toBlock: hex(101) }]),
        request("eth_getLogs", [{ fromBlock: hex(99), toBlock: hex(100) }]),
      ]);
      const [first, second] = batch.json as unknown as [typeof batch.json, typeof batch.json];
      assert.equal(Number(first.error!.code), -32602);
      assert.equal((second.result as unknown as unknown[]).length, 2);
    });
  });

  it("up to latest goes to a node that has the head, or fails clearly", () => {
    const nodes = [withLogs(100), withLogs(100)];
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await reaches(nginx, 100);
        nodes[0]!.height = 102;
        await reaches(nginx, 102);
        for (let i = 0; i < 10; i++) {
          const { json } = await logs(
            nginx,
            i % 2 === 0 ? { fromBlock: hex(100) } : { fromBlock: hex(100), toBlock: "latest" },
          );
          assert.equal((json.result as unknown as unknown[]).length, 3);
        }
        mocks[0]!.reset(httpStatus(500));
        const answer = await until(
          async () => {
            const { json } = await logs(nginx, { fromBlock: hex(99) });
            return json.error;
          },
          { what: "an error" },
        );
        assert.match(String(answer.message), /up to 102/);
        const within = await logs(nginx, { fromBlock: hex(99), toBlock: hex(100) });
        assert.equal((within.json.result as unknown as unknown[]).length, 2);
        nodes[1]!.height = 102;
        const whole = await logs(nginx, { fromBlock: hex(99) });
        assert.equal((whole.json.result as unknown as unknown[]).length, 4);
      },
      polled,
    );
  });

  it("asks a node for its height first only when the range is not known to be there", () => {
    const nodes = [withLogs(100), withLogs(100)];
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await reaches(nginx, 100);
        await until(
          async () => {
            for (const mock of mocks) mock.received.length = 0;
            for (let i = 0; i < 5; i++) await logs(nginx, { fromBlock: hex(1 + i), toBlock: hex(90 + i) });
            const asked = mocks.flatMap(({ received }) => received).length;
            return asked === 5;
          },
          { what: "five calls for five" },
        );
      },
      { ...polled, settings: { headPollSeconds: 1 } },
    );
  });
});
