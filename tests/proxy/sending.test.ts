import assert from "node:assert/strict";
import { keccak256 } from "ethers";
import { describe, it } from "mocha";
import { rpcError } from "../support/mockNode";
import { request, scene } from "../support/scene";

const raw = `0x02${"ab".repeat(400)}`;

describe("sending a transaction", () => {
  for (const text of [
    "already known",
    "AlreadyKnown: already known",
    "known transaction: 1234",
    "already imported",
  ]) {
    it(`that the node has already ("${text}") succeeds with its hash`, () =>
      scene([rpcError(-32000, text)], async ({ nginx, nodes }) => {
        const answer = await nginx.post(request("eth_sendRawTransaction", [raw]));
        assert.deepEqual(answer.json, { jsonrpc: "2.0", id: 1, result: keccak256(raw) });
        const send = request("eth_sendRawTransaction", [raw]);
        assert.deepEqual((await nginx.post([send, send])).text.split(keccak256(raw)).length, 3);
        assert.equal(nodes[0]!.calls, 3);
      }));
  }

  it("passes the node's error on when the parameter is none", () =>
    scene([rpcError(-32000, "already known")], async ({ nginx }) => {
      for (const params of [[], ["0x1"], [5], { a: 1 }]) {
        const answer = await nginx.post(request("eth_sendRawTransaction", params));
        assert.deepEqual([answer.status, answer.json.error.code], [200, -32000]);
      }
      assert.equal((await nginx.post(request("eth_call", [raw]))).json.error.code, -32000);
    }));
});
