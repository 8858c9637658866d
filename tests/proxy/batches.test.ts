import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Behaviour, each, hangs, httpStatus, ok, type RpcCall, rpcError } from "../support/mockNode";
import { scene } from "../support/scene";

/** Answers each call with its first parameter. */
const echo = each(({ params }) => ({ result: (params as unknown[])[0] }));
const calls = (count: number, id: (index: number) => unknown = (index) => index) =>
  Array.from({ length: count }, (_, index) => ({
    jsonrpc: "2.0",
    id: id(index),
    method: "eth_call",
    params: [index],
  }));
const answered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ jsonrpc: "2.0", id: index, result: index }));

describe("batches", () => {
  it("are answered in order with the ids as sent, equal ones included", () =>
    scene([echo], async ({ nginx }) => {
      const answer = await nginx.post(
        ' \n[{"jsonrpc":"2.0","id":1.50,"method":"eth_call","params":[0]},{"jsonrpc":"2.0","id":"1","method":"eth_call","params":[1]},' +
          '{"jsonrpc":"2.0","id":1.50,"method":"eth_call","params":[2]},{"jsonrpc":"2.0","id":null,"method":"eth_call","params":[12345678901234567890]}]',
      );
      assert.equal(answer.status, 200);
      assert.equal(
        answer.text,
        '[{"jsonrpc":"2.0","id":1.50,"result":0},{"jsonrpc":"2.0","id":"1","result":1},{"jsonrpc":"2.0","id":1.50,"result":2},' +
          '{"jsonrpc":"2.0","id":null,"result":12345678901234567000}]',
      );
    }));

  it("let each element succeed or fail by itself", () =>
    scene([echo], async ({ nginx }) => {
      const answer = await nginx.post([
        ...calls(1),
        5,
        { jsonrpc: "2.0", id: "a", method: "admin_peers" },
        { id: 7 },
        ...calls(1),
      ]);
      assert.equal(answer.status, 200);
      const list = answer.json as unknown as { id: unknown; result?: unknown; error?: { code: number } }[];
      assert.deepEqual(
        list.map(({ id, result, error }) => [id, result ?? error?.code]),
        [
          [0, 0],
          [null, -32600],
          ["a", -32601],
          [7, -32600],
          [0, 0],
        ],
      );
    }));

  it("are refused when empty or too long", () =>
    scene([echo], async ({ nginx, nodes }) => {
      const empty = await nginx.post("[ ]");
      assert.deepEqual([empty.status, empty.json.error.code, empty.json.id], [400, -32600, null]);
      const long = await nginx.post(calls(101));
      assert.deepEqual([long.status, typeof long.json.error.code, long.json.id], [413, "number", null]);
      assert.equal(nodes[0]!.calls, 0);
      assert.equal((await nginx.post(calls(100))).status, 200);
    }));

  it("of notifications are answered with 204", () =>
    scene([echo], async ({ nginx, nodes }) => {
      const answer = await nginx.post(calls(3).map(({ id: _id, ...rest }) => rest));
      assert.deepEqual([answer.status, answer.text], [204, ""]);
      assert.equal(nodes[0]!.calls, 3);
    }));

  it("leave out notifications among other calls", () =>
    scene([echo], async ({ nginx }) => {
      const [a, b, c] = calls(3);
      const answer = await nginx.post([a, { ...b, id: undefined }, c]);
      assert.deepEqual(answer.json, [answered(3)[0], answered(3)[2]]);
    }));

  const misbehaviours: [string, Behaviour][] = [
    [
      "answers with one object",
      ({ json }) =>
        Array.isArray(json)
          ? { jsonrpc: "2.0", id: null, error: { code: -32600, message: "batches are disabled" } }
          : answerOne(json),
    ],
    [
      "answers out of order",
      ({ json }) => (Array.isArray(json) ? json.map(answerOne).reverse() : answerOne(json)),
    ],
    [
      "leaves elements out",
      ({ json }) => (Array.isArray(json) ? json.filter((_, i) => i % 2).map(answerOne) : answerOne(json)),
    ],
    [
      "repeats one element",
      ({ json }) => (Array.isArray(json) ? json.map(() => answerOne(json[0]!)) : answerOne(json)),
    ],
    [
      "answers with foreign ids",
      ({ json }) =>
        Array.isArray(json)
          ? json.map((call) => ({ ...answerOne(call), id: call.id + 1000 }))
          : answerOne(json),
    ],
    [
      "garbles elements",
      ({ json }) =>
        Array.isArray(json) ? json.map((call, i) => (i % 2 ? answerOne(call) : 7)) : answerOne(json),
    ],
    [
      "answers elements with trouble",
      ({ json }) =>
        Array.isArray(json)
          ? json.map((call, i) =>
              i % 2
                ? answerOne(call)
                : { jsonrpc: "2.0", id: call.id, error: { code: -32603, message: "Internal error" } },
            )
          : answerOne(json),
    ],
    ["is rate limited", rpcError(-32005, "rate limit")],
    ["answers an empty list", () => []],
    ["answers 500", httpStatus(500)],
    ["hangs", hangs],
  ];
  for (const [what, misbehaviour] of misbehaviours) {
    it(`are complete although a node ${what}`, () =>
      scene([misbehaviour, echo, echo], async ({ nginx }) => {
        for (let round = 0; round < 3; round++) {
          const answer = await nginx.post(calls(25));
          assert.equal(answer.status, 200);
          assert.deepEqual(answer.json, answered(25));
        }
      }));
  }

  it("are answered by a lone node that takes no batches", () =>
    scene(
      [
        ({ json }) =>
          Array.isArray(json)
            ? { jsonrpc: "2.0", id: null, error: { code: -32600, message: "no batches" } }
            : answerOne(json),
      ],
      async ({ nginx }) => {
        assert.deepEqual((await nginx.post(calls(7))).json, answered(7));
      },
    ));

  it("are spread over the nodes when they are large", () =>
    scene([echo, echo, echo], async ({ nginx, nodes }) => {
      for (let round = 0; round < 5; round++)
        assert.deepEqual((await nginx.post(calls(100))).json, answered(100));
      // 34, 34 and 32 calls each time, to three different nodes.
      for (const node of nodes) assert.ok(node.calls >= 5 * 32 && node.calls <= 5 * 34, `${node.calls}`);
    }));

  for (const [what, fault] of [
    ["fails", httpStatus(500)],
    ["hangs", hangs],
  ] as const) {
    it(`ask elsewhere for the share of a node that ${what}, and for no other`, () =>
      scene([fault, echo, echo], async ({ nginx, nodes }) => {
        let rounds = 0;
        let lastedMs = 0;
        for (; nodes[0]!.calls === 0; rounds++) {
          const startedAt = Date.now();
          assert.deepEqual((await nginx.post(calls(90))).json, answered(90));
          lastedMs = Date.now() - startedAt;
        }
        assert.ok(lastedMs < 1900, `${lastedMs} ms: one attempt's time and a second try`);
        assert.equal(nodes[1]!.calls + nodes[2]!.calls, 90 * rounds, "the others answered each call once");
      }));
  }

  it("report the failure of each element when no node answers", () =>
    scene([httpStatus(500)], async ({ nginx }) => {
      const answer = await nginx.post(calls(2));
      assert.equal(answer.status, 200);
      const list = answer.json as unknown as { id: number; error: { code: number } }[];
      assert.deepEqual(
        list.map(({ id, error }) => [id, error.code]),
        [
          [0, -32603],
          [1, -32603],
        ],
      );
    }));

  it("of one call reach the node as a single request", () =>
    scene([ok("0x1")], async ({ nginx, nodes }) => {
      assert.deepEqual((await nginx.post(calls(1))).json, [{ jsonrpc: "2.0", id: 0, result: "0x1" }]);
      assert.equal(Array.isArray(nodes[0]!.received[0]!.json), false);
    }));
});

function answerOne(call: RpcCall): { jsonrpc: string; id: number; result: unknown } {
  return { jsonrpc: "2.0", id: call.id, result: (call.params as unknown[])[0] };
}
