import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type ErrorClass, providerErrors } from "../../functions/domain/providerErrors";
import { type Behaviour, httpStatus, ok, rpcError } from "../support/mockNode";
import { request, scene } from "../support/scene";

/** What a client sees when the first node gives the error and the second has the answer. */
const isPassedOn: Record<ErrorClass, boolean> = {
  own: true,
  alreadyKnown: true,
  caller: true,
  rangeTooWide: false,
  missingData: false,
  outOfCredit: false,
  limited: false,
  refused: false,
  unsupported: false,
  trouble: false,
};
/** Whether a client sees the error when every node gives it; else it is 502. */
const isTheLastWord: Record<ErrorClass, boolean> = {
  ...isPassedOn,
  rangeTooWide: true,
  missingData: true,
  unsupported: true,
};

describe("provider errors", () => {
  for (const row of providerErrors) {
    const cases: [string, Behaviour][] = [
      ...row.texts.map((text): [string, Behaviour] => [
        `"${text}"`,
        rpcError(-32000, `Oh: ${text.toUpperCase()} (1)`, { a: 1.0 }),
      ]),
      ...row.codes.map((code): [string, Behaviour] => [`code ${code}`, rpcError(code, "no words")]),
      ...row.statuses.map((status): [string, Behaviour] => [
        `HTTP ${status}`,
        httpStatus(status, "no words"),
      ]),
      ...row.statuses.map((status): [string, Behaviour] => [
        `HTTP ${status} with a JSON-RPC error`,
        httpStatus(status, '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no words"}}'),
      ]),
    ];
    for (const [what, error] of cases) {
      it(`${what} is ${row.class}: ${isPassedOn[row.class] ? "passed on after one attempt" : "another node is asked"}`, () =>
        scene([error, ok("0x2"), ok("0x2")], async ({ nginx, nodes }) => {
          let asked = 0;
          for (let i = 0; i < 80 && nodes[0]!.calls === 0; i++) {
            const answer = await nginx.post(request("eth_call"));
            asked++;
            assert.equal(answer.status, 200);
            if (nodes[0]!.calls > 0 && isPassedOn[row.class])
              assert.equal(typeof answer.json.error.code, "number");
            else assert.equal(answer.json.result, "0x2");
          }
          assert.equal(nodes[0]!.calls, 1);
          const all = nodes.reduce((sum, { calls }) => sum + calls, 0);
          assert.equal(all, isPassedOn[row.class] ? asked : asked + 1);
        }));
    }
    it(`${row.class} from all nodes is ${isTheLastWord[row.class] ? "passed on unchanged" : "a failure"}`, () => {
      const text = row.texts[0]!;
      return scene(
        [rpcError(-32000, text, "0x1"), rpcError(-32000, text, "0x1")],
        async ({ nginx, nodes }) => {
          const answer = await nginx.post(request("eth_call"));
          if (isTheLastWord[row.class]) {
            assert.equal(answer.status, 200);
            assert.equal(
              answer.text,
              `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"${text}","data":"0x1"}}`,
            );
          } else {
            assert.deepEqual([answer.status, answer.json.error.code], [502, -32603]);
            assert.ok(!answer.text.includes(text));
          }
          const all = nodes[0]!.calls + nodes[1]!.calls;
          assert.equal(all, isPassedOn[row.class] ? 1 : 2);
        },
      );
    });
  }
});
