import assert from "node:assert/strict";
import { Agent } from "node:http";
import { describe, it } from "mocha";
import { type Behaviour, each, httpStatus, type MockNode, ok } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";
import { untilEachHas } from "../support/shares";

const hex = (height: number) => `0x${height.toString(16)}`;
const at = (height: number): Behaviour => ok(hex(height));

async function head(nginx: Nginx, agent?: Agent): Promise<number> {
  const answer = await nginx.post(request("eth_blockNumber"), { agent });
  assert.equal(answer.status, 200, answer.text);
  return Number(answer.json.result);
}
async function heads(nginx: Nginx, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push(await head(nginx));
  return seen;
}
const inRotation = async (nginx: Nginx) =>
  [...(await nginx.control("/metrics")).text.matchAll(/^gateway_node_in_rotation\{.*\} (\d)$/gm)].map((m) =>
    Number(m[1]),
  );

describe("the head", () => {
  it("never falls, although nodes are not equally high", () =>
    scene([at(100), at(98), at(95)], async ({ nginx, nodes }) => {
      await until(async () => (await head(nginx)) === 100, { what: "the highest node was asked" });
      assert.deepEqual(new Set(await heads(nginx, 40)), new Set([100]));
      await untilEachHas(
        4,
        () => nodes.map(({ calls }) => calls),
        async () => assert.equal(await head(nginx), 100),
      );
      const batch = await nginx.post([request("eth_blockNumber"), request("eth_blockNumber")]);
      assert.equal(batch.text.split('"0x64"').length, 3);
    }));

  it("never falls for any client while it rises, with several workers", () => {
    const started = Date.now();
    const rising = (behind: number) =>
      each(() => ({ result: hex(1000 + Math.floor((Date.now() - started) / 20) - behind) }));
    return scene(
      [rising(0), rising(3), rising(7)],
      async ({ nginx }) => {
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            const agent = new Agent({ keepAlive: true });
            let last = 0;
            for (let i = 0; i < 60; i++) {
              const now = await head(nginx, agent);
              assert.ok(now >= last, `${now} after ${last}`);
              last = now;
            }
            agent.destroy();
          }),
        );
      },
      { workers: 2 },
    );
  });

  for (const first of [0, 1, 2]) {
    it(`is not moved by a node alone far ahead, from the first call on (node ${first})`, () => {
      const behaviours = [0, 1, 2].map((index) => at(index === first ? 5_000_000 : 100 + index));
      return scene(
        behaviours,
        async ({ nginx, nodes }) => {
          for (const seen of await heads(nginx, 30)) assert.ok(seen <= 102, `${seen}`);
          const liar = nodes[first]!;
          if (liar.calls > 0) assert.equal((await inRotation(nginx))[first], 0);
        },
        { settings: { halfOpenAfterSeconds: 60 } },
      );
    });
  }

  it("is not moved by a node that lies later on, nor does that node stay", () =>
    scene([at(100), at(100), at(100)], async ({ nginx, nodes }) => {
      await heads(nginx, 20);
      nodes[1]!.reset(at(100_000));
      await until(
        async () => {
          assert.equal(await head(nginx), 100);
          return nodes[1]!.calls > 0;
        },
        { what: "the liar is asked" },
      );
      assert.deepEqual(await inRotation(nginx), [1, 0, 1]);
      assert.match((await nginx.control("/metrics")).text, /failure="farAhead"\} 1/);
    }));

  it("follows a jump that a second node confirms", () =>
    scene([at(100), at(100)], async ({ nginx, nodes }) => {
      await heads(nginx, 10);
      for (const node of nodes) node.reset(at(100_000));
      assert.deepEqual(await heads(nginx, 5), [100_000, 100_000, 100_000, 100_000, 100_000]);
      assert.deepEqual(await inRotation(nginx), [1, 1]);
    }));

  it("follows a lone node wherever it goes up", () =>
    scene([at(100)], async ({ nginx, nodes }) => {
      assert.equal(await head(nginx), 100);
      nodes[0]!.reset(at(100_000));
      assert.equal(await head(nginx), 100_000);
    }));

  it("is the highest of two nodes that disagree, as for the health check", () =>
    scene([at(100), at(1000)], async ({ nginx }) => {
      assert.deepEqual(new Set(await heads(nginx, 20)), new Set([1000]));
    }));

  it("falls when all nodes are lower for a while: the chain was set back", () =>
    scene(
      [at(1000), at(900)],
      async ({ nginx, nodes }) => {
        await heads(nginx, 10);
        const setBackAt = Date.now();
        nodes[0]!.reset(at(7));
        await until(async () => (await head(nginx)) === 900, { what: "the head is followed down" });
        assert.ok(Date.now() - setBackAt > 1500);
        assert.deepEqual(new Set(await heads(nginx, 10)), new Set([900]));
        nodes[1]!.reset(at(905));
        await until(async () => (await head(nginx)) === 905, { what: "it rises again" });
      },
      { settings: { callTimeoutSeconds: 0.7, attemptTimeoutSeconds: 0.5 } },
    ));

  // Without all nodes' agreement the fall would take 150 s.
  const patient = { callTimeoutSeconds: 60, attemptTimeoutSeconds: 0.5 };

  it("falls as soon as every node has gone far down itself and no answer from before can come any more", () =>
    scene(
      [at(1000), at(1000)],
      async ({ nginx, nodes }) => {
        await heads(nginx, 10);
        const setBackAt = Date.now();
        nodes[0]!.reset(at(7));
        nodes[1]!.reset(at(5));
        await until(async () => (await head(nginx)) === 7, { what: "the head is followed down" });
        assert.ok(Date.now() - setBackAt > 500);
        assert.deepEqual(new Set(await heads(nginx, 10)), new Set([7]));
        nodes[0]!.reset(at(9));
        await until(async () => (await head(nginx)) === 9, { what: "it rises again" });
      },
      { settings: patient },
    ));

  it("falls with the only node of a network", () =>
    scene(
      [at(1000)],
      async ({ nginx, nodes }) => {
        assert.equal(await head(nginx), 1000);
        nodes[0]!.reset(at(7));
        await until(async () => (await head(nginx)) === 7, { what: "the head is followed down" });
      },
      { settings: patient },
    ));

  for (const [what, others] of [
    ["another one is at the head", [at(1000)]],
    ["another one has been behind all the time", [at(900)]],
    ["the others are out of the rotation", [httpStatus(500), httpStatus(500)]],
  ] as const) {
    it(`does not fall with one node while ${what}`, () =>
      scene(
        [at(1000), ...others],
        async ({ nginx, nodes }) => {
          await heads(nginx, 20);
          nodes[0]!.reset(at(7));
          const until2s = Date.now() + 2000;
          await until(
            async () => {
              assert.equal(await head(nginx), 1000);
              return Date.now() > until2s;
            },
            { what: "the time that a fall of all would need is over", everyMs: 10 },
          );
        },
        { settings: patient },
      ));
  }

  for (const nonsense of [null, "latest", "0x", "0xzz", 100, {}, "0xffffffffffffffff"]) {
    it(`does not come from ${JSON.stringify(nonsense)}: another node is asked`, () =>
      scene([ok(nonsense), at(100)], async ({ nginx, nodes }: { nginx: Nginx; nodes: MockNode[] }) => {
        for (const seen of await heads(nginx, 6)) assert.equal(seen, 100);
        assert.ok(nodes[0]!.calls <= 1);
      }));
  }
});
