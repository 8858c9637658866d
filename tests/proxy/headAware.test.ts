import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Chain, callsOf, hex, onChain } from "../support/chainNode";
import { httpStatus } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { mainnet } from "../support/pool";
import { request, scene } from "../support/scene";
import { untilEachHas } from "../support/shares";
import { within } from "../support/within";

const polled = {
  settings: { headPollSeconds: 0.5 },
  rest: { networks: [{ ...mainnet, blockTimeSeconds: 1 }] },
};
const chains = (...heights: number[]): Chain[] => heights.map((height) => ({ height }));

async function ask(nginx: Nginx, method: string, params: unknown[] = []) {
  const answer = await nginx.post(request(method, params));
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}
const head = async (nginx: Nginx) => Number((await ask(nginx, "eth_blockNumber")).result);
/** Height of the node that a read at the head was answered by. */
let nonce = 0;
const read = async (nginx: Nginx) =>
  Number((await ask(nginx, "eth_call", [{ data: hex(0x10000 + nonce++) }, "latest"])).result);

/** Keeps calls coming until the head is there. */
const reaches = (nginx: Nginx, height: number) =>
  until(async () => (await head(nginx)) === height, { what: `the head is ${height}` });

describe("after a head of N was handed out", () => {
  it("a read at latest or at ≤ N goes to a node that has N", () => {
    const nodes = chains(100, 100, 100);
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await reaches(nginx, 100);
        nodes[0]!.height = 102;
        nodes[1]!.height = 102;
        await reaches(nginx, 102);
        for (const mock of mocks) mock.received.length = 0;
        for (let i = 0; i < 30; i++) assert.equal(await read(nginx), 102);
        const byNumber = await ask(nginx, "eth_getBlockByNumber", [hex(102), false]);
        assert.equal(String(byNumber.result!.number), hex(102));
        assert.equal(callsOf(mocks[2]!, "eth_call").length, 0);
        nodes[2]!.height = 102;
        await until(
          async () => {
            await read(nginx);
            return callsOf(mocks[2]!, "eth_call").length > 0;
          },
          { what: "the third node has caught up" },
        );
      },
      polled,
    );
  });

  it("a receipt hands out a head too: what is read next is as new, from nodes and from the cache", () => {
    let mined = 100;
    const receipt = (call: { method: string }) =>
      call.method === "eth_getTransactionReceipt"
        ? { result: { transactionHash: `0x${"1".repeat(64)}`, blockNumber: hex(mined), logs: [{}] } }
        : undefined;
    const nodes: Chain[] = [
      { height: 100, other: receipt },
      { height: 100, other: receipt },
    ];
    return scene(
      nodes.map(onChain),
      async ({ nginx }) => {
        await reaches(nginx, 100);
        const same = () => ask(nginx, "eth_call", [{ data: "0x" }, "latest"]);
        for (let i = 0; i < 40; i++) assert.equal(Number((await same()).result), 100);
        for (const node of nodes) node.height = 101;
        mined = 101;
        const { result } = await ask(nginx, "eth_getTransactionReceipt", [`0x${"1".repeat(64)}`]);
        assert.equal(Number(result!.blockNumber), 101);
        assert.equal(Number((await same()).result), 101);
        assert.equal(await head(nginx), 101);
      },
      {
        settings: { headPollSeconds: 0.5, cacheMegabytes: 8 },
        rest: { networks: [{ ...mainnet, blockTimeSeconds: 60 }] },
      },
    );
  });

  it("a node behind is asked only when nobody is there", () => {
    const nodes = chains(100, 100);
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await reaches(nginx, 100);
        nodes[0]!.height = 103;
        await reaches(nginx, 103);
        for (let i = 0; i < 20; i++) assert.equal(await read(nginx), 103);
        mocks[0]!.reset(httpStatus(500));
        await until(async () => (await read(nginx)) === 100, { what: "the node behind answers" });
        for (let i = 0; i < 5; i++) assert.equal(await head(nginx), 103);
      },
      polled,
    );
  });

  it("the leader is asked before a node that is behind, and its height alone moves no head", () => {
    const nodes = chains(100, 100, 104);
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await reaches(nginx, 100);
        for (const until = Date.now() + 1200; Date.now() < until; ) assert.equal(await read(nginx), 100);
        nodes[0]!.height = 104;
        await reaches(nginx, 104);
        mocks[0]!.reset(httpStatus(500));
        for (let i = 0; i < 10; i++) assert.equal(await read(nginx), 104);
        assert.ok(callsOf(mocks[2]!, "eth_call").length >= 9);
      },
      { ...polled, specs: [{}, {}, { isLeader: true }] },
    );
  });

  it("a new head waits until half of the nodes have it, or a moment", () => {
    const nodes = chains(100, 100, 100, 100);
    return scene(
      nodes.map(onChain),
      async ({ nginx }) => {
        await reaches(nginx, 100);
        await new Promise((resolve) => setTimeout(resolve, 300));
        let height = 100;
        await within(1500, () => {
          nodes[0]!.height = ++height;
          return reaches(nginx, height);
        });
        await within(700, () => {
          height++;
          for (const node of nodes) node.height = height;
          return reaches(nginx, height);
        });
      },
      polled,
    );
  });

  it("a node alone far ahead of all others makes nobody wait: it leaves", () => {
    const nodes = chains(100, 100, 5_000_000);
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await until(
          async () => {
            await head(nginx);
            return /in_rotation\{[^}]*\} 0/.test((await nginx.control("/metrics")).text);
          },
          { what: "the liar is out" },
        );
        for (const mock of mocks) mock.received.length = 0;
        for (let i = 0; i < 20; i++) assert.equal(await read(nginx), 100);
        assert.equal(callsOf(mocks[2]!, "eth_call").length, 0);
        await untilEachHas(
          3,
          () => mocks.slice(0, 2).map((mock) => callsOf(mock, "eth_call").length),
          () => read(nginx),
        );
      },
      polled,
    );
  });

  it("a node a little ahead of all others, and never confirmed, does not take every call", () => {
    const nodes = chains(100, 100, 106);
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        await until(async () => (await head(nginx)) >= 100, { what: "a head" });
        // Again, should one of them have been slow because the machine was busy.
        await until(
          async () => {
            for (const mock of mocks) mock.received.length = 0;
            for (const end = Date.now() + 2000; Date.now() < end; ) await read(nginx);
            const shares = mocks.map((mock) => callsOf(mock, "eth_call").length);
            assert.ok(shares[0]! > shares[2]! / 3, shares.join(" "));
            return true;
          },
          { what: "the others get their share" },
        );
      },
      { ...polled, rest: { networks: [{ ...mainnet, blockTimeSeconds: 60 }] } },
    );
  });
});

describe("a chain", () => {
  it("that is faster than polling keeps all its nodes in use, and its head never falls", () => {
    const startedAt = Date.now();
    const nodes = [0, 2, 1].map((behind) => ({
      get height() {
        return 1000 + Math.floor((Date.now() - startedAt) / 50) - behind;
      },
    }));
    return scene(
      nodes.map(onChain),
      async ({ nginx, nodes: mocks }) => {
        let last = 0;
        for (const end = Date.now() + 1500; Date.now() < end; ) {
          const now = await head(nginx);
          assert.ok(now >= last, `${now} after ${last}`);
          last = now;
          await read(nginx);
        }
        assert.ok(last > 1015, `${last}`);
        for (const mock of mocks) assert.ok(callsOf(mock, "eth_call").length > 5);
      },
      { ...polled, workers: 2, rest: { networks: [{ ...mainnet, blockTimeSeconds: 0.05 }] } },
    );
  });

  it("that was set back is followed after a while, with calls for all its nodes", () => {
    const nodes = chains(1000, 1000);
    return scene(
      nodes.map(onChain),
      async ({ nginx }) => {
        await reaches(nginx, 1000);
        nodes[0]!.height = 7;
        nodes[1]!.height = 7;
        await until(async () => (await read(nginx)) === 7, { what: "nodes below the head are asked" });
        await reaches(nginx, 7);
        const { result } = await ask(nginx, "eth_getBlockByNumber", ["latest", false]);
        assert.equal(String(result!.number), hex(7));
      },
      { ...polled, settings: { headPollSeconds: 0.3, callTimeoutSeconds: 0.7, attemptTimeoutSeconds: 0.5 } },
    );
  });
});

describe("latest, safe and finalized", () => {
  it("never fall: a block below the head handed out is asked of another node", () => {
    const nodes = chains(100, 100);
    return scene(
      nodes.map(onChain),
      async ({ nginx }) => {
        await reaches(nginx, 100);
        let highest = 100;
        for (let next = 101; next <= 104; next++) {
          nodes[next % 2]!.height = next;
          await until(
            async () => {
              const { result } = await ask(nginx, "eth_getBlockByNumber", ["latest", false]);
              assert.ok(Number(result!.number) >= highest, `${Number(result!.number)} after ${highest}`);
              highest = Number(result!.number);
              assert.ok((await head(nginx)) >= highest);
              return highest === next;
            },
            { what: `block ${next}` },
          );
        }
      },
      polled,
    );
  });

  for (const tag of ["safe", "finalized"] as const) {
    it(`never fall: ${tag} is the lower of what two nodes say, and stays`, () => {
      const nodes: Chain[] = [
        { height: 100, [tag]: 90 },
        { height: 100, [tag]: 80 },
      ];
      return scene(nodes.map(onChain), async ({ nginx }) => {
        const shown = async () =>
          Number((await ask(nginx, "eth_getBlockByNumber", [tag, false])).result!.number);
        for (let i = 0; i < 12; i++) assert.equal(await shown(), 80);
        nodes[1]![tag] = 90;
        for (let i = 0; i < 12; i++) assert.equal(await shown(), 90);
        for (const node of nodes) node[tag] = 70;
        for (let i = 0; i < 6; i++) assert.equal(await shown(), 90);
      });
    });
  }

  it("a lone liar does not move finalized", () => {
    const nodes: Chain[] = [
      { height: 100, finalized: 60 },
      { height: 100, finalized: 99 },
      { height: 100, finalized: 60 },
    ];
    return scene(nodes.map(onChain), async ({ nginx }) => {
      for (let i = 0; i < 20; i++) {
        const { result } = await ask(nginx, "eth_getBlockByNumber", ["finalized", false]);
        assert.equal(Number(result!.number), 60);
      }
    });
  });
});
