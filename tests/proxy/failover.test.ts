import assert from "node:assert/strict";
import net from "node:net";
import { describe, it } from "mocha";
import { type Behaviour, drips, hangs, httpStatus, ok, raw, resets, rpcError } from "../support/mockNode";
import { until } from "../support/poll";
import { nodeId } from "../support/pool";
import { freePorts } from "../support/ports";
import { request, scene } from "../support/scene";
import { within } from "../support/within";

const html = "<html>502 Bad Gateway</html>";
const faults: [string, Behaviour][] = [
  ["resets the connection", resets],
  ["closes without an answer", (_r, _s, socket) => void socket.end()],
  ["does not answer in time", hangs],
  ["drips without end", drips(100)],
  ...[301, 302, 307, 400, 401, 402, 403, 404, 405, 408, 418, 429, 500, 502, 503, 504, 520, 599].map(
    (status): [string, Behaviour] => [
      `answers HTTP ${status}`,
      httpStatus(status, html, { location: "http://127.0.0.1:1/" }),
    ],
  ),
  ["answers 204", httpStatus(204)],
  ["answers nothing", raw("")],
  ["answers HTML", raw(html)],
  ["answers half an object", raw('{"jsonrpc":"2.0","id":1,"result":"0x')],
  ["answers with two results", raw('{"jsonrpc":"2.0","id":1,"result":"0x1","result":')],
  ["answers an empty object", raw("{}")],
  ["answers null", raw("null")],
  ["answers a list", raw("[]")],
  ["answers for another id", raw('{"jsonrpc":"2.0","id":2,"result":"0xbad"}')],
  ["answers without result", raw('{"jsonrpc":"2.0","id":1}')],
  ["answers an error without sense", raw('{"jsonrpc":"2.0","id":1,"error":[]}')],
  ["answers an error that is a string", raw('{"error":"Unauthorized"}')],
  ["asks nginx for a redirect", httpStatus(200, "", { "x-accel-redirect": "/health" })],
  [
    "is cut off",
    (_r, response, socket) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"jsonrpc":"2.0","id":1,"result":"0x', () => socket.destroy());
      return undefined;
    },
  ],
  [
    "is cut off between chunks",
    (_r, response, socket) => {
      response.writeHead(200);
      response.write('{"jsonrpc":"2.0","id":1,"result":{"a":{}', () => socket.destroy());
      return undefined;
    },
  ],
  ["sends huge headers", httpStatus(200, "{}", { "x-long": "x".repeat(60_000) })],
];

describe("failover", () => {
  for (const [what, fault] of faults) {
    it(`asks another node when one ${what}`, () =>
      scene([fault, ok("0x2")], async ({ nginx, nodes }) => {
        for (let i = 0; i < 12; i++) {
          const answer = await nginx.post(request("eth_call", [i]));
          assert.deepEqual([answer.status, answer.text], [200, '{"jsonrpc":"2.0","id":1,"result":"0x2"}']);
        }
        assert.ok(nodes[0]!.received.length < 12);
      }));
  }

  it("asks another node when one can't be reached, or its name is unknown", async () => {
    const [port] = await freePorts(1);
    await scene([ok("0x2")], async ({ nginx, nodes, input }) => {
      const more = [`http://127.0.0.1:${port}/`, "http://no-such-host.invalid/", "https://127.0.0.1:1/"];
      const template = input.nodes[0]!;
      const dead = more.map((url, index) => ({ ...template, id: nodeId(index + 1), url }));
      const states = dead.map(({ id }) => ({ ...input.states[0]!, nodeId: id }));
      await nginx.reload({ ...input, nodes: [template, ...dead], states: [...input.states, ...states] });
      for (let i = 0; i < 20; i++)
        assert.equal((await nginx.post(request("eth_call", [i]))).json.result, "0x2");
      assert.equal(nodes[0]!.calls, 20);
    });
  });

  it("answers 502 and tells how many nodes were tried, in general words", () =>
    scene([httpStatus(500), raw("secret of a node"), resets], async ({ nginx, nodes }) => {
      const answer = await nginx.post(request("eth_call"));
      assert.equal(answer.status, 502);
      assert.deepEqual([answer.json.id, answer.json.error.code], [1, -32603]);
      const message = String(answer.json.error.message);
      assert.match(message, /3 tried/);
      assert.doesNotMatch(message, /127\.0\.0\.1|secret|http:/);
      for (const { url } of nodes) assert.ok(!message.includes(url));
    }));

  it("answers 504 when all nodes took too long, within the time of a call", () =>
    scene(
      [hangs, hangs, hangs],
      async ({ nginx }) => {
        await within(1400, async () => {
          const answer = await nginx.post(request("eth_call"));
          assert.deepEqual([answer.status, answer.json.error.code], [504, -32603]);
        });
      },
      { settings: { attemptTimeoutSeconds: 0.5, callTimeoutSeconds: 1.2 } },
    ));

  it("asks a lone node again that closed an idle connection", () => {
    let count = 0;
    return scene(
      [
        (received, response, socket) => {
          if (count++ % 2 === 0) return resets(received, response, socket);
          return ok("0x1")(received, response, socket);
        },
      ],
      async ({ nginx }) => {
        for (let i = 0; i < 5; i++) assert.equal((await nginx.post(request("eth_call"))).json.result, "0x1");
      },
    );
  });

  it("sends a method that is not idempotent once when nobody knows what became of it", () =>
    scene(
      [resets, resets],
      async ({ nginx, nodes }) => {
        assert.equal((await nginx.post(request("eth_sendTransaction", [{}]))).status, 502);
        assert.equal(nodes[0]!.calls + nodes[1]!.calls, 1);
      },
      { settings: { allowedMethods: ["eth_sendTransaction"] } },
    ));

  it("takes null for an answer only when all nodes say so", () =>
    scene([ok(null), ok(null), ok({ hash: "0x1" })], async ({ nginx, nodes }) => {
      for (const method of [
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
      ]) {
        for (let i = 0; i < 5; i++)
          assert.deepEqual((await nginx.post(request(method))).json.result, { hash: "0x1" });
      }
      nodes[2]!.reset(ok(null));
      const answer = await nginx.post(request("eth_getTransactionByHash"));
      assert.equal(answer.text, '{"jsonrpc":"2.0","id":1,"result":null}');
      nodes[0]!.reset(ok(null));
      assert.equal(
        (await nginx.post(request("eth_getStorageAt"))).json.result === null,
        nodes[0]!.calls <= 1,
      );
    }));

  it("uses the leader only after all other nodes", () =>
    scene(
      [ok("0x1"), httpStatus(500)],
      async ({ nginx, nodes }) => {
        for (let i = 0; i < 5; i++) assert.equal((await nginx.post(request("eth_call"))).json.result, "0x1");
        assert.equal(nodes[0]!.calls, 5);
        assert.equal(nodes[1]!.calls, 5);
        nodes[1]!.reset(ok("0x2"));
        for (let i = 0; i < 5; i++) assert.equal((await nginx.post(request("eth_call"))).json.result, "0x2");
        assert.equal(nodes[0]!.calls, 5);
      },
      { specs: [{ isLeader: true }], settings: { halfOpenAfterSeconds: 60 } },
    ));

  it("serves from the leader alone when no other node is in the pool", () =>
    scene(
      [ok("0x1"), ok("0x2")],
      async ({ nginx, nodes }) => {
        for (let i = 0; i < 5; i++) assert.equal((await nginx.post(request("eth_call"))).json.result, "0x1");
        assert.equal(nodes[1]!.calls, 0);
      },
      { specs: [{ isLeader: true }, { inPool: false }] },
    ));

  it("answers 503 with a JSON-RPC error when nothing is registered", () =>
    scene([], async ({ nginx }) => {
      const answer = await nginx.post(request("eth_call"));
      assert.deepEqual([answer.status, answer.json.id, answer.json.error.code], [503, 1, -32603]);
      assert.equal((await nginx.get("/ready")).status, 503);
    }));

  it("answers 503 with a JSON-RPC error when not even a network is known", () =>
    scene(
      [],
      async ({ nginx }) => {
        assert.equal((await nginx.post(request("eth_call"))).status, 503);
      },
      { rest: { networks: [], defaultNetwork: undefined } },
    ));

  it("bounds a dripping node in total, and does not hold up the client's connection", () =>
    scene(
      [drips(50), ok("0x2")],
      async ({ nginx, nodes }) => {
        const client = net.connect(nginx.port, "127.0.0.1");
        let text = "";
        let closed = false as boolean;
        client.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        const body = JSON.stringify(request("eth_call"));
        let answers = 0;
        const started = Date.now();
        while (nodes[0]!.calls === 0) {
          client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
          answers++;
          await until(() => text.split("0x2").length > answers, { what: "an answer", deadlineMs: 3000 });
        }
        assert.ok(Date.now() - started < 1500);
        assert.match(text, /Connection: close/);
        client.destroy();
        // Known now: from here on the whole of its answer is limited.
        nodes[0]!.reset((received, response, socket) => {
          socket.once("close", () => {
            closed = true;
          });
          return drips(50)(received, response, socket);
        });
        await until(() => closed, { what: "the next dripping answer is cut", deadlineMs: 8000 });
      },
      { settings: { attemptTimeoutSeconds: 0.5, callTimeoutSeconds: 1 } },
    ));

  it("ends even the first answer that drips, some time after the client was answered", () => {
    let ended = 0;
    const dripsUntilCut: Behaviour = (received, response, socket) => {
      socket.once("close", () => ended++);
      return drips(50)(received, response, socket);
    };
    return scene(
      [dripsUntilCut],
      async ({ nginx, nodes }) => {
        for (const [index, body] of [
          request("eth_getBalance"),
          { ...request("eth_gasPrice"), id: null },
        ].entries()) {
          const answer = await nginx.post(body);
          assert.equal(answer.status, 504, answer.text);
          assert.equal(ended, index);
          await until(() => ended === index + 1, { what: "the drip is cut", deadlineMs: 4000 });
        }
        assert.equal(nodes[0]!.received.filter(({ text }) => !text.includes("eth_chainId")).length, 2);
      },
      { settings: { attemptTimeoutSeconds: 0.5, callTimeoutSeconds: 0.6, halfOpenAfterSeconds: 60 } },
    );
  });

  it("keeps an error of a node to itself that another node does not have", () =>
    scene([rpcError(-32000, "something odd"), ok("0x2")], async ({ nginx }) => {
      for (let i = 0; i < 10; i++) assert.equal((await nginx.post(request("eth_call"))).json.result, "0x2");
    }));

  it("passes on an error nobody knows when all nodes say the same", () =>
    scene(
      [rpcError(-32000, "something odd", "0x12"), rpcError(-32000, "something odd", "0x12")],
      async ({ nginx }) => {
        const answer = await nginx.post(request("eth_call"));
        assert.equal(
          answer.text,
          '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"something odd","data":"0x12"}}',
        );
      },
    ));

  it("takes a node's secrets out of the errors it passes on", () =>
    scene(
      [rpcError(3, "execution reverted at /v3/0123456789abcdef?key=s3cr3ts3cr3t")],
      async ({ nginx, nodes, input }) => {
        const url = `${nodes[0]!.url}v3/0123456789abcdef?key=s3cr3ts3cr3t`;
        await nginx.reload({ ...input, nodes: [{ ...input.nodes[0]!, url }] });
        const answer = await nginx.post(request("eth_call"));
        assert.equal(answer.json.error.code, 3);
        assert.doesNotMatch(answer.text, /0123456789abcdef|s3cr3t/);
      },
    ));

  it("stays valid JSON where a secret is a number or a name in the error", () =>
    scene(
      [rpcError(3, "execution reverted", { gas: 87654321, "12345678": 1 })],
      async ({ nginx, nodes, input }) => {
        for (const part of ["87654321", "12345678", "message"]) {
          const url = `${nodes[0]!.url}v3/${part}`;
          await nginx.reload({ ...input, nodes: [{ ...input.nodes[0]!, url }] });
          const { error } = (await nginx.post(request("eth_call"))).json;
          assert.equal(typeof error.code, "number");
          assert.equal(typeof error.message, "string");
        }
      },
    ));
});
