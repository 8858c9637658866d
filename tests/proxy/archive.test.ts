import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { callsOf, hex } from "../support/chainNode";
import { type Behaviour, each, type MockNode, type RpcCall } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";
import { untilEachHas } from "../support/shares";

const head = 10_000;
/** Without the state (or, for blocks, the block itself) of what is older than `oldest`. */
const from = (oldest: number, other: (call: RpcCall) => object | undefined = () => undefined): Behaviour =>
  each((call) => {
    const own = other(call);
    if (own !== undefined) return own;
    const params = call.params as string[];
    if (call.method === "eth_blockNumber") return { result: hex(head) };
    const block = call.method === "eth_getBlockByNumber" ? params[0]! : (params[1] ?? "latest");
    const height = block === "earliest" ? 0 : block.startsWith("0x") ? Number(block) : head;
    if (height >= oldest)
      return { result: call.method === "eth_getBlockByNumber" ? { number: block } : "0x7" };
    return call.method === "eth_getBlockByNumber"
      ? { result: null }
      : { error: { code: -32000, message: "missing trie node 0123 (path )" } };
  });

const account = `0x${"11".repeat(20)}`;
const balance = (nginx: Nginx, block: string) => nginx.post(request("eth_getBalance", [account, block]));
const known = (nginx: Nginx) =>
  until(async () => Number((await nginx.post(request("eth_blockNumber"))).json.result) === head, {
    what: "the head is known",
  });
const forget = (nodes: MockNode[]) => {
  for (const node of nodes) node.received.length = 0;
};
const shares = (nodes: MockNode[], method: string) => nodes.map((node) => callsOf(node, method).length);

describe("calls about old blocks", () => {
  it("prefer nodes known to have them", () =>
    scene([from(head - 128), from(0), from(head - 128)], async ({ nginx, nodes }) => {
      await known(nginx);
      for (let i = 0; i < 20; i++) assert.equal((await balance(nginx, hex(500))).json.result, "0x7");
      forget(nodes);
      for (let i = 0; i < 20; i++)
        assert.equal((await balance(nginx, i % 2 ? hex(100 + i) : "earliest")).json.result, "0x7");
      const [one, archive, three] = shares(nodes, "eth_getBalance");
      assert.ok(one! <= 1 && three! <= 1 && archive === 20, `${one} ${archive} ${three}`);
      // New ones are for all.
      forget(nodes);
      await untilEachHas(
        6,
        () => shares(nodes, "eth_getBalance"),
        () => balance(nginx, "latest"),
      );
      // Another kind of data: the state may be gone while the block is there.
      forget(nodes);
      await untilEachHas(
        3,
        () => shares(nodes, "eth_getBlockByNumber"),
        () => nginx.post(request("eth_getBlockByNumber", [hex(head - 100), false])),
      );
    }));

  it("go to nodes that have the block, also in batches", () =>
    scene([from(5000), from(0)], async ({ nginx, nodes }) => {
      await known(nginx);
      const old = (height: number) => request("eth_getBlockByNumber", [hex(height), false]);
      forget(nodes);
      await until(
        async () => {
          assert.notEqual((await nginx.post(old(4000))).json.result, null);
          return nodes[0]!.calls > 0;
        },
        { what: "the node without the block was asked" },
      );
      forget(nodes);
      const { json } = await nginx.post([10, 20, 30, 9999].map(old));
      assert.ok((json as unknown as { result: unknown }[]).every(({ result }) => result !== null));
      assert.deepEqual(
        callsOf(nodes[0]!, "eth_getBlockByNumber").filter(
          ({ params }) => Number((params as string[])[0]) < 5000,
        ),
        [],
      );
    }));

  it("are asked of every node before the error is passed on", () =>
    scene([from(5000), from(5000)], async ({ nginx, nodes }) => {
      await known(nginx);
      for (let i = 0; i < 3; i++) {
        forget(nodes);
        const { status, json } = await balance(nginx, hex(7));
        assert.equal(status, 200);
        assert.match(String(json.error.message), /missing trie node/);
        assert.deepEqual(shares(nodes, "eth_getBalance"), [1, 1]);
      }
    }));
});

describe("unsupported here", () => {
  const without = (method: string) =>
    from(0, (call) =>
      call.method === method
        ? { error: { code: -32601, message: `the method ${method} does not exist/is not available` } }
        : undefined,
    );

  it("(−32601 from one node): another node, and remembered for a while", () =>
    scene([without("eth_feeHistory"), from(0)], async ({ nginx, nodes }) => {
      const ask = () => nginx.post(request("eth_feeHistory", ["0x1", "latest", []]));
      await until(
        async () => {
          assert.equal((await ask()).json.result, "0x7");
          return shares(nodes, "eth_feeHistory")[0] === 1;
        },
        { what: "the node without the method was asked" },
      );
      forget(nodes);
      for (let i = 0; i < 20; i++) assert.equal((await ask()).json.result, "0x7");
      const batch = await nginx.post([
        request("eth_feeHistory", ["0x1", "latest", []]),
        request("eth_gasPrice"),
      ]);
      assert.ok((batch.json as unknown as { result?: string }[]).every(({ result }) => result === "0x7"));
      assert.equal(shares(nodes, "eth_feeHistory")[0], 0);
      // The node is as good as ever for all else.
      await untilEachHas(
        9,
        () => shares(nodes, "eth_gasPrice"),
        () => nginx.post(request("eth_gasPrice")),
      );
    }));

  it("is not what a caller's text makes of it", () =>
    scene(
      [0, 1].map(() =>
        each(({ params }) => ({ error: { code: -32000, message: `not supported: ${String(params)}` } })),
      ),
      async ({ nginx, nodes }) => {
        for (let i = 0; i < 10; i++) await nginx.post(request("eth_gasPrice", ['"code":-32601']));
        for (const node of nodes) node.reset(from(0));
        await untilEachHas(
          6,
          () => shares(nodes, "eth_gasPrice"),
          () => nginx.post(request("eth_gasPrice")),
        );
      },
    ));

  it("everywhere is passed on as it is", () =>
    scene([without("eth_feeHistory"), without("eth_feeHistory")], async ({ nginx, nodes }) => {
      for (let i = 0; i < 4; i++) {
        forget(nodes);
        const { json } = await nginx.post(request("eth_feeHistory", ["0x1", "latest", []]));
        assert.equal(Number(json.error.code), -32601);
        assert.deepEqual(shares(nodes, "eth_feeHistory"), [1, 1]);
      }
    }));
});
