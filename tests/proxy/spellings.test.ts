import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { MockNode, ok } from "../support/mockNode";
import { Nginx } from "../support/nginx";
import { poolOf } from "../support/pool";

/** How libraries write their requests. The script compares these as text. */
const spellings: Record<string, (id: string, params: string) => string> = {
  "viem, web3.js and go-ethereum": (id, params) =>
    `{"jsonrpc":"2.0","id":${id},"method":"eth_getBalance","params":${params}}`,
  "curl, by habit": (id, params) =>
    `{"jsonrpc":"2.0","method":"eth_getBalance","params":${params},"id":${id}}`,
  "web3.py": (id, params) =>
    `{"jsonrpc": "2.0", "method": "eth_getBalance", "params": ${params}, "id": ${id}}`,
  ethers: (id, params) => `{"method":"eth_getBalance","params":${params},"id":${id},"jsonrpc":"2.0"}`,
};

describe("requests as libraries spell them", () => {
  let node: MockNode;
  let nginx: Nginx;
  before(async () => {
    node = await MockNode.start();
    nginx = await Nginx.start(poolOf([{ url: node.url }]));
  });
  after(async () => {
    await nginx?.stop();
    await node?.close();
  });
  afterEach(function () {
    nginx.explain(this.currentTest);
    node.reset(ok("0x1"));
  });

  for (const [library, spell] of Object.entries(spellings)) {
    it(`${library}: ids and params stay as they are`, async () => {
      for (const id of ["0", "7", "1e3", "01e", '"a,b"', '"],\\"id\\":3"', '"[{}]"', "9007199254740993"]) {
        const params = '["0x00", "latest", {"id":5,"params":[1.0]}]';
        node.reset(ok("0x1"));
        const answer = await nginx.post(spell(id, params));
        if (id === "01e") {
          assert.equal(answer.json.error.code, -32700);
          assert.equal(node.received.length, 0);
          continue;
        }
        assert.equal(answer.text, `{"jsonrpc":"2.0","id":${id},"result":"0x1"}`);
        // Plain numbers go as they are; what nodes have been seen to change is replaced.
        const sent = `{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":${params}}`;
        assert.equal(node.received[0]?.text, ["0", "7"].includes(id) ? spell(id, params) : sent);
      }
    });

    it(`${library}: nothing is slipped in between`, async () => {
      for (const params of [
        '[],"METHOD":"admin_peers","x":[]',
        '[],"id":2,"Method":"admin_peers","params":[]',
      ]) {
        node.reset(ok("0x1"));
        await nginx.post(spell("1", params));
        assert.equal(
          node.received[0]?.text,
          '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}',
        );
      }
    });

    it(`${library}: what is no JSON reaches no node`, async () => {
      for (const params of ["[0x1]", "[1", "[1]]", "[1],", "['a']", '["a\n"]']) {
        node.reset(ok("0x1"));
        const answer = await nginx.post(spell("1", params));
        assert.equal(answer.json.error.code, -32700);
        assert.equal(node.received.length, 0);
      }
    });
  }
});
