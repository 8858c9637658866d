import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Chain, callsOf, hex, onChain } from "../support/chainNode";
import { httpStatus, type MockNode } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { mainnet } from "../support/pool";
import { request, scene } from "../support/scene";

const polled = {
  settings: { headPollSeconds: 0.3 },
  rest: { networks: [{ ...mainnet, blockTimeSeconds: 1 }] },
};
const chains = (...heights: number[]): Chain[] => heights.map((height) => ({ height }));

let nonce = 0;
const call = (nginx: Nginx) => nginx.post(request("eth_call", [{ data: hex(0x10000 + nonce++) }, "latest"]));
const during = async (ms: number, work: () => Promise<unknown>) => {
  for (const end = Date.now() + ms; Date.now() < end; ) await work();
};
const polls = (node: MockNode) =>
  callsOf(node, "eth_blockNumber").length + callsOf(node, "eth_getBlockByNumber").length;

describe("polling of heads", () => {
  it("learns heads while there is traffic, and does not burn quota when there is none", () => {
    const nodes = chains(100, 100);
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await nginx.get("/ready");
        const idleUntil = Date.now() + 700;
        await until(() => Date.now() > idleUntil, { what: "some idle time" });
        for (const mock of mocks) assert.equal(polls(mock), 0);
        await during(1200, () => call(nginx));
        for (const mock of mocks) assert.ok(polls(mock) >= 2 && polls(mock) <= 6, `${polls(mock)}`);
        // Clients' calls alone are counted.
        const metrics = (await nginx.control("/metrics")).text;
        assert.doesNotMatch(metrics, /gateway_calls_total\{[^}]*eth_(blockNumber|getBlockByNumber)/);
        const seen = () => mocks.reduce((sum, mock) => sum + polls(mock), 0);
        let last = -1;
        await until(
          () => {
            const isQuiet = seen() === last;
            last = seen();
            return isQuiet;
          },
          { what: "polling ends", everyMs: 700 },
        );
      },
      polled,
    );
  });

  it("leaves ejected nodes alone, and ejects one that fails it before a call has to suffer", () => {
    const nodes = chains(100, 100);
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await during(400, () => call(nginx));
        mocks[0]!.behaviour = (received, ...rest) =>
          (received.json as { method: string }).method === "eth_call"
            ? onChain(nodes[0]!)(received, ...rest)
            : httpStatus(500)(received, ...rest);
        await until(
          async () => {
            await call(nginx);
            return /in_rotation\{[^}]*\} 0/.test((await nginx.control("/metrics")).text);
          },
          { what: "the node is out" },
        );
        mocks[0]!.received.length = 0;
        await during(800, () => call(nginx));
        assert.equal(polls(mocks[0]!), 0);
      },
      { ...polled, settings: { headPollSeconds: 0.3, halfOpenAfterSeconds: 5 } },
    );
  });

  it("off by setting, asks nodes nothing", () =>
    scene(chains(100, 100).map(onChain), async ({ nginx, nodes: mocks }) => {
      await during(600, () => call(nginx));
      for (const mock of mocks) assert.equal(polls(mock), 0);
    }));
});

describe("a reorganisation shorter than the finality depth", () => {
  /** Each block is a minute: so long the cache would keep what depends on the head. */
  const cached = {
    settings: { headPollSeconds: 0.3, cacheMegabytes: 8 },
    rest: { networks: [{ ...mainnet, blockTimeSeconds: 60 }] },
  };
  const hashOf = async (nginx: Nginx, height: number) => {
    const answer = await nginx.post(request("eth_getBlockByNumber", [hex(height), false]));
    return String(answer.json.result.hash);
  };

  for (const grows of [false, true]) {
    it(`is followed: ${grows ? "the next block has another parent" : "the newest block is another one"}`, () => {
      const nodes = chains(100, 100, 100);
      return scene(
        nodes.map(onChain),
        async ({ nginx }) => {
          await during(700, () => call(nginx));
          let before = "";
          for (let i = 0; i < 40; i++) before = await hashOf(nginx, 100);
          for (const node of nodes) node.forkedAt = 99;
          if (grows) for (const node of nodes) node.height = 101;
          await until(
            async () => {
              await call(nginx);
              return (await hashOf(nginx, 100)) !== before;
            },
            { what: "the other block is shown", deadlineMs: 3000 },
          );
        },
        cached,
      );
    });
  }

  it("is not what a lone node on another fork makes of it", () => {
    const nodes: Chain[] = [{ height: 100 }, { height: 100, forkedAt: 50 }, { height: 100 }];
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await during(1500, () => call(nginx));
        const asked = () => mocks.reduce((sum, mock) => sum + callsOf(mock, "eth_gasPrice").length, 0);
        const price = async () => {
          const before = asked();
          await nginx.post(request("eth_gasPrice"));
          return asked() > before;
        };
        // One of eight answers is kept.
        await until(async () => !(await price()), { what: "the price is kept" });
        const before = asked();
        await during(1000, price);
        assert.equal(asked() - before, 0, "none travels while the head stands");
      },
      cached,
    );
  });
});
