import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { raw } from "../support/mockNode";
import { request, scene } from "../support/scene";

const kib = 1024;
const mib = 1024 * kib;
const logs = (bytes: number) =>
  Array.from({ length: Math.ceil(bytes / 100) }, (_, index) => ({
    data: "ab".repeat(40),
    index,
    topics: [],
  }));
const answer = (result: string) => `{"jsonrpc":"2.0","id":1,"result":${result}}`;
/** Without the two brackets at the end: what is left ends as if it were whole. */
const cut = (bytes: number) => raw(answer(JSON.stringify(logs(bytes))).slice(0, -2));

describe("large answers", () => {
  for (const bytes of [40 * kib, mib, 9 * mib]) {
    it(`of ${bytes} bytes arrive whole, and cut at a bracket they are not taken for whole`, () => {
      const result = JSON.stringify(logs(bytes));
      return scene([cut(bytes), raw(answer(result))], async ({ nginx, nodes }) => {
        for (let i = 0; i < 20 && nodes[0]!.calls === 0; i++) {
          assert.equal((await nginx.post(request("eth_getLogs"))).text, answer(result));
        }
        assert.ok(nodes[0]!.calls > 0 && nodes[1]!.calls > 0);
      });
    });
  }

  it("arrive whole although their strings are full of brackets", () => {
    const text = answer(JSON.stringify(["[[{".repeat(4 * mib), '\\"']));
    return scene([raw(text)], async ({ nginx }) => {
      assert.equal((await nginx.post(request("eth_getLogs"))).text, text);
    });
  });
});
