import assert from "node:assert/strict";
import { Agent } from "node:http";
import { after, afterEach, before, describe, it } from "mocha";
import { each, MockNode, ok } from "../support/mockNode";
import { Nginx } from "../support/nginx";
import { poolOf } from "../support/pool";
import { request } from "../support/scene";

describe("requests", () => {
  let node: MockNode;
  let nginx: Nginx;
  before(async () => {
    node = await MockNode.start();
    nginx = await Nginx.start(
      poolOf([{ url: `${node.url}v1/key?a=b` }], { maxBodyBytes: 2048, batchLimit: 5 }),
    );
  });
  after(async () => {
    await nginx?.stop();
    await node?.close();
  });
  afterEach(function () {
    nginx.explain(this.currentTest);
    node.reset(ok("0x1"));
  });

  for (const id of [
    "0",
    "-7",
    "1.50",
    "-0",
    "1e3",
    "1E400",
    "12345678901234567890123",
    "9007199254740993",
    '""',
    '"a b"',
    '"\\u00e9\\n\\""',
    '"é]}"',
    "null",
    '"ünï 🎉"',
  ]) {
    it(`gives back the id ${id} byte for byte`, async () => {
      for (const text of [
        `{"jsonrpc":"2.0","id":${id},"method":"eth_call","params":[]}`,
        `{ "method" : "eth_call", "params" : [ 1 ] , "id" : ${id} , "jsonrpc" : "2.0" }\n`,
        `{"id":${id},"jsonrpc":"2.0","method":"eth_call"}`,
      ]) {
        const answer = await nginx.post(text);
        assert.equal(answer.text, `{"jsonrpc":"2.0","id":${id},"result":"0x1"}`);
        assert.equal(answer.status, 200);
      }
    });
  }

  it("passes params digit for digit, in whatever order the members come", async () => {
    const params = '[12345678901234567890, 1.10, {"b":"]}\\"", "a" : -0.0e-5}, "\\u0041", [[]], null]';
    const sent = `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${params}}`;
    const asEthersSpellsIt = `{"method":"eth_call","params":${params},"id":1,"jsonrpc":"2.0"}`;
    for (const [text, expected] of [
      [sent, sent],
      [`{"params":${params},"method":"eth_call","id":1,"jsonrpc":"2.0"}`, sent],
      [asEthersSpellsIt, asEthersSpellsIt],
      [`{"jsonrpc":"2.0","extra":{"params":[9]},"method":"eth_call","params":${params},"id":"]"}`, sent],
    ]) {
      node.reset(ok("0x1"));
      assert.equal((await nginx.post(text)).status, 200);
      assert.equal(node.received[0]?.text, expected);
    }
  });

  it("passes a body on whose length was not announced", async () => {
    const body = JSON.stringify(request("eth_call", ["x".repeat(3000)]));
    const roomy = await Nginx.start(poolOf([{ url: node.url }]));
    try {
      const answer = await roomy.post(body, { headers: { "transfer-encoding": "chunked" } });
      assert.equal(answer.json.result, "0x1");
      assert.equal(node.received[0]?.text, body);
    } finally {
      await roomy.stop();
    }
  });

  it("passes params given as an object", async () => {
    await nginx.post('{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{"a":1.0}}');
    assert.equal(node.received[0]?.text, '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{"a":1.0}}');
  });

  it("takes the last of members given twice, and checks that one", async () => {
    const answer = await nginx.post(
      '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[1],"method":"admin_peers","params":[2]}',
    );
    assert.equal(answer.json.error.code, -32601);
    await nginx.post(
      '{"jsonrpc":"2.0","id":1,"method":"admin_peers","params":[1],"m\\u0065thod":"eth_call","params":[2]}',
    );
    assert.deepEqual(
      node.received.map(({ text }) => text),
      ['{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[2]}'],
    );
  });

  it("passes results digit for digit", async () => {
    for (const result of [
      "12345678901234567890",
      "1.10",
      '{"a":1.0,"a":[2.50]}',
      "null",
      "false",
      '"\\u0041"',
      "[ 1 , 2 ]",
    ]) {
      for (const text of [
        `{"jsonrpc":"2.0","id":1,"result":${result}}`,
        `{"jsonrpc":"2.0","result":${result},"id":1}\n`,
        `{ "id": 1, "jsonrpc": "2.0", "result": ${result} }`,
        `{"extra":{"result":5},"id":1,"result":${result}}`,
      ]) {
        node.reset(() => text);
        const answer = await nginx.post(request("eth_call"));
        assert.equal(answer.text, `{"jsonrpc":"2.0","id":1,"result":${result}}`);
      }
    }
  });

  it("accepts bodies whatever their content type", async () => {
    for (const type of ["text/plain", "application/octet-stream", "application/x-www-form-urlencoded", ""]) {
      const answer = await nginx.post(request("eth_call"), { headers: { "content-type": type } });
      assert.equal(answer.status, 200);
      assert.match(answer.headers["content-type"] ?? "", /^application\/json/);
    }
  });

  for (const [what, body] of [
    ["nothing", ""],
    ["text", "hello"],
    ["half an object", '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":['],
    ["trailing text", '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]} x'],
    ["a comma too many", '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[1,]}'],
    ["white space that JSON does not know", '{"jsonrpc":"2.0",\u00a0"id":1,"method":"eth_call","params":[]}'],
    ["an id that is NaN", '{"jsonrpc":"2.0","id":NaN,"method":"eth_call","params":[]}'],
    ["an id that is NaN, at the end", '{"jsonrpc":"2.0","method":"eth_call","params":[],"id":NaN}'],
    ["deep nesting without end", "[".repeat(2000)],
  ] as const) {
    it(`answers ${what} with −32700 and asks no node`, async () => {
      const answer = await nginx.post(body);
      assert.equal(answer.status, 400);
      assert.deepEqual([answer.json.jsonrpc, answer.json.id, answer.json.error.code], ["2.0", null, -32700]);
      assert.equal(node.calls, 0);
    });
  }

  for (const [body, id] of [
    ['{"id":1,"method":"eth_call"}', "1"],
    ['{"jsonrpc":"1.0","id":1,"method":"eth_call","params":[]}', "1"],
    ['{"jsonrpc":2.0,"id":1.0,"method":"eth_call"}', "1.0"],
    ['{"jsonrpc":"2.0","id":"x"}', '"x"'],
    ['{"jsonrpc":"2.0","id":1,"method":""}', "1"],
    ['{"jsonrpc":"2.0","id":1,"method":5}', "1"],
    ['{"jsonrpc":"2.0","id":1,"method":"eth_call","params":"x"}', "1"],
    ['{"jsonrpc":"2.0","id":1,"method":"eth_call","params":null}', "1"],
    ['{"jsonrpc":"2.0","id":{},"method":"eth_call"}', "null"],
    ['{"jsonrpc":"2.0","id":[1],"method":"eth_call"}', "null"],
    ['{"jsonrpc":"2.0","id":true,"method":"eth_call"}', "null"],
    ["5", "null"],
    ['"x"', "null"],
    ["null", "null"],
    ["{}", "null"],
  ] as const) {
    it(`answers ${body} with −32600 and asks no node`, async () => {
      const answer = await nginx.post(body);
      assert.equal(answer.status, 400);
      assert.equal(answer.json.error.code, -32600);
      assert.ok(answer.text.startsWith(`{"jsonrpc":"2.0","id":${id},`), answer.text);
      assert.equal(node.calls, 0);
    });
  }

  it("answers a notification with 204 and forwards it", async () => {
    const answer = await nginx.post({ jsonrpc: "2.0", method: "eth_sendRawTransaction", params: ["0x00"] });
    assert.deepEqual([answer.status, answer.text], [204, ""]);
    assert.equal(node.calls, 1);
  });

  for (const method of [
    "admin_peers",
    "debug_traceCall",
    "personal_sign",
    "eth_sign",
    "eth_signTransaction",
    "eth_sendTransaction",
    "txpool_content",
  ]) {
    it(`answers the closed method ${method} with 200 and −32601`, async () => {
      const answer = await nginx.post(request(method));
      assert.equal(answer.status, 200);
      assert.equal(answer.json.error.code, -32601);
      assert.equal(node.calls, 0);
    });
  }

  for (const method of [
    " admin_addPeer",
    "admin_addPeer\n",
    "\tdebug_setHead",
    "admin_\npeers",
    "Admin_peers",
    "eth_gasPrice ",
  ]) {
    it(`does not let ${JSON.stringify(method)} past the closed methods: nodes may trim and fold names`, async () => {
      const answer = await nginx.post(request(method));
      assert.equal(answer.json.error.code, -32601);
      assert.equal(node.calls, 0);
    });
  }

  it("serves methods that nobody closed, unknown ones too", async () => {
    for (const method of ["eth_gasPrice", "web3_clientVersion", "zk_something", "weird.name-1/x"]) {
      node.reset(each(({ method: asked }) => ({ result: asked })));
      assert.equal((await nginx.post(request(method))).json.result, method);
    }
  });

  it("keeps the connections of clients and to nodes over many calls", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    node.reset((received, response, socket) => {
      ports.add(socket.remotePort);
      return ok("0x1")(received, response, socket);
    });
    for (let i = 0; i < 10; i++) {
      const { status, headers } = await nginx.post(request("eth_call", [i]), { agent });
      assert.deepEqual([status, headers.connection], [200, "keep-alive"]);
    }
    assert.equal(Object.values(agent.freeSockets).flat().length, 1);
    assert.deepEqual([node.calls, ports.size], [10, 1]);
    agent.destroy();
  });

  it("answers a body over the limit with 413, announced or not", async () => {
    const body = JSON.stringify(request("eth_call", ["x".repeat(3000)]));
    for (const headers of [{}, { "transfer-encoding": "chunked" }] as Record<string, string>[]) {
      const answer = await nginx.post(body, { headers });
      assert.equal(answer.status, 413);
      assert.deepEqual([answer.json.id, typeof answer.json.error.code], [null, "number"]);
    }
    assert.equal(node.calls, 0);
  });

  it("answers other HTTP methods with 405 and Allow", async () => {
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      const answer = await nginx.send(method, "/");
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, "POST, OPTIONS");
      assert.equal(answer.json.jsonrpc, "2.0");
    }
  });

  it("answers an unknown network with 404 and a JSON-RPC error", async () => {
    for (const path of ["/sepolia", "/mainnet/x", "/2", "/~n0000000000000001", "/~trial/n0000000000000001"]) {
      const answer = await nginx.post(request("eth_call"), { path });
      assert.equal(answer.status, 404, path);
      assert.equal(typeof answer.json.error.code, "number");
    }
    assert.equal(node.calls, 0);
  });

  it("serves a network by name and by chain id", async () => {
    for (const path of ["/", "/mainnet", "/mainnet/", "/1"]) {
      assert.equal((await nginx.post(request("eth_call"), { path })).json.result, "0x1");
    }
    assert.equal(node.received[0]?.url, "/v1/key?a=b");
  });
});
