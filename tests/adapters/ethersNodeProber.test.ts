import assert from "node:assert/strict";
import type { AddressInfo, Socket } from "node:net";
import { createServer, type Server } from "node:net";
import fc from "fast-check";
import { after, afterEach, before, describe, it } from "mocha";
import { createEthersNodeProber } from "../../functions/adapters/ethersNodeProber";
import type { RegisteredNode } from "../../functions/domain/node";
import type { ProbeResult } from "../../functions/domain/verdict";
import { type Behaviour, MockNode, type Received } from "../support/mockNode";

const node = (url: string, more: Partial<RegisteredNode> = {}): RegisteredNode => ({
  id: "n0123456789abcdef",
  network: "mainnet",
  url,
  isLeader: false,
  weight: 100,
  drained: false,
  source: "admin",
  whenAdded: "2026-01-01T00:00:00.000Z",
  ...more,
});

/** The one call of a request. */
function callOf({ json }: Received): { id: unknown; method: string } {
  assert.ok(!Array.isArray(json));
  return json;
}

type Answers = Record<string, unknown>;
const healthy: Answers = { eth_chainId: "0x1", eth_blockNumber: "0x64", eth_syncing: false };
/** Answers each method with a result, or with what a function makes of the call. */
const answers =
  (results: Answers): Behaviour =>
  (received) => ({ jsonrpc: "2.0", id: callOf(received).id, result: results[callOf(received).method] });

describe("prober", () => {
  const prober = createEthersNodeProber({ allowPrivate: true });
  let mock: MockNode;
  before(async () => {
    mock = await MockNode.start();
  });
  after(() => mock.close());

  async function look(behaviour: Behaviour, timeoutMs = 2000): Promise<ProbeResult> {
    mock.reset(behaviour);
    return prober.probe(node(mock.url), timeoutMs);
  }
  const reason = (result: ProbeResult) => (result.ok ? "ok" : result.reason);

  it("tells chain, height, syncing and latency", async () => {
    const result = await look(answers(healthy));
    assert.ok(result.ok);
    assert.deepEqual(
      { ...result, latencyMs: 0 },
      {
        nodeId: "n0123456789abcdef",
        ok: true,
        chainId: 1,
        height: 100,
        syncing: false,
        latencyMs: 0,
      },
    );
    const syncing = await look(
      answers({ ...healthy, eth_syncing: { currentBlock: "0x1", highestBlock: "0x2" } }),
    );
    assert.ok(syncing.ok && syncing.syncing);
  });
  it("uses one connection, the path, credentials and headers", async () => {
    const sockets = new Set<Socket>();
    mock.reset((received, _response, socket) => {
      sockets.add(socket);
      return answers(healthy)(received, _response, socket);
    });
    const url = mock.url.replace("http://", "http://user:pa%20ss@");
    await prober.probe(node(`${url}v3/key?x=1`, { headers: { "x-api-key": "k" } }), 2000);
    const [first] = mock.received;
    assert.equal(first?.url, "/v3/key?x=1");
    assert.equal(first?.headers.authorization, `Basic ${Buffer.from("user:pa ss").toString("base64")}`);
    assert.equal(first?.headers["x-api-key"], "k");
    assert.equal(first?.headers["content-type"], "application/json");
    assert.equal(mock.received.length, 3);
    assert.equal(sockets.size, 1);
  });
  it("does not hold a refused eth_syncing against a node", async () => {
    const refusing: Behaviour = (received, response, socket) => {
      if (callOf(received).method !== "eth_syncing") return answers(healthy)(received, response, socket);
      response.statusCode = 403;
      return { jsonrpc: "2.0", id: callOf(received).id, error: { code: -32601, message: "no" } };
    };
    const result = await look(refusing);
    assert.ok(result.ok && !result.syncing);
  });

  const wrong: [string, string, Behaviour][] = [
    [
      "an HTTP error",
      "http_error",
      (_, response) => {
        response.statusCode = 500;
        return {};
      },
    ],
    [
      "a 429, without trying again",
      "http_error",
      (_, response) => {
        response.statusCode = 429;
        return {};
      },
    ],
    [
      "a 204",
      "http_error",
      (_, response) => {
        response.statusCode = 204;
        return "";
      },
    ],
    [
      "a redirect, without following it",
      "http_error",
      (_, response) => {
        response.writeHead(307, { location: "/elsewhere" });
        return "";
      },
    ],
    [
      "a JSON-RPC error",
      "rpc_error",
      (received) => ({ jsonrpc: "2.0", id: callOf(received).id, error: { code: -32000, message: "x" } }),
    ],
    ["HTML", "bad_response", () => "<html></html>"],
    ["nothing", "bad_response", () => ""],
    ["no object", "bad_response", () => "[1]"],
    ["null", "bad_response", () => "null"],
    ["another id", "bad_response", () => ({ jsonrpc: "2.0", id: 99, result: "0x1" })],
    ["no envelope", "bad_response", (received) => ({ id: callOf(received).id, result: "0x1" })],
    ["no result", "bad_response", (received) => ({ jsonrpc: "2.0", id: callOf(received).id })],
    ["invalid UTF-8", "bad_response", (_, response) => void response.end(Buffer.from([0xff, 0xfe, 0x22]))],
    ["deep nesting", "bad_response", () => `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
    ["a prototype key", "bad_response", () => '{"__proto__":{"jsonrpc":"2.0","result":"0x1"}}'],
    [
      "more than 64 KiB",
      "bad_response",
      (received) => ({ jsonrpc: "2.0", id: callOf(received).id, result: "0x1", x: "y".repeat(70_000) }),
    ],
    ["a reset", "unreachable", (_, __, socket) => void socket.destroy()],
    [
      "an answer that breaks off",
      "unreachable",
      (_, response, socket) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{", () => socket.destroy());
      },
    ],
  ];
  for (const [what, expected, behaviour] of wrong) {
    it(`calls ${what} ${expected}`, async () => {
      assert.equal(reason(await look(behaviour)), expected);
      assert.equal(mock.received.length, 1);
    });
  }

  const quantities: unknown[] = [
    "0x",
    "0x01",
    "1",
    1,
    "0xg",
    "-0x1",
    "0x20000000000000",
    "0xffffffffffffffffff",
    null,
    {},
    ["0x1"],
    true,
    "0x1 ",
    "0X1",
  ];
  for (const value of quantities) {
    it(`calls the height ${JSON.stringify(value)} bad_response`, async () => {
      assert.equal(reason(await look(answers({ ...healthy, eth_blockNumber: value }))), "bad_response");
    });
  }
  it("takes heights up to 2^53 − 1", async () => {
    const result = await look(answers({ ...healthy, eth_blockNumber: "0x1fffffffffffff" }));
    assert.ok(result.ok && result.height === Number.MAX_SAFE_INTEGER);
  });

  it("gives up after the time it was given: hanging, dripping, and slow in sum", async () => {
    const dripping: Behaviour = (_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    };
    const slow: Behaviour = async (received, response, socket) => {
      await new Promise((resolve) => setTimeout(resolve, 140));
      return answers(healthy)(received, response, socket);
    };
    for (const behaviour of [() => undefined, dripping, slow]) {
      const started = performance.now();
      assert.equal(reason(await look(behaviour, 300)), "timeout");
      assert.ok(performance.now() - started < 1000);
    }
  });
  it("holds no time against a node in which this process was not awake", async () => {
    const probing = look(answers(healthy), 300);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const until = performance.now() + 600;
    while (performance.now() < until);
    assert.equal(reason(await probing), "ok");
  });
  it("calls a closed port and an unknown name unreachable", async () => {
    for (const url of ["http://127.0.0.1:1/", "http://no-such-name.invalid/"]) {
      assert.equal(reason(await prober.probe(node(url), 2000)), "unreachable");
    }
  });
  it("connects to no address that a node can't have, however it is written or resolved", async () => {
    const strict = createEthersNodeProber({ allowPrivate: false });
    mock.reset(answers(healthy));
    for (const url of [mock.url, mock.url.replace("127.0.0.1", "localhost")]) {
      assert.equal(reason(await strict.probe(node(url), 2000)), "unreachable");
    }
    assert.equal(mock.received.length, 0);
    assert.equal(reason(await prober.probe(node("http://169.254.169.254/"), 2000)), "unreachable");
  });
  it("reaches a node by name", async () => {
    mock.reset(answers(healthy));
    assert.equal(reason(await prober.probe(node(mock.url.replace("127.0.0.1", "localhost")), 2000)), "ok");
  });

  describe("given bytes that are not HTTP", () => {
    let server: Server;
    let bytes = "";
    before(async () => {
      server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => socket.end(bytes));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => new Promise((resolve) => server.close(resolve)));
    afterEach(() => {
      bytes = "";
    });
    it("calls garbage bad_response and an empty answer unreachable", async () => {
      const target = node(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      bytes = "SSH-2.0-OpenSSH_9.6\r\n";
      assert.equal(reason(await prober.probe(target, 2000)), "bad_response");
      bytes = `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(10_000)}`;
      assert.equal(reason(await prober.probe(target, 2000)), "bad_response");
      bytes = "";
      assert.equal(reason(await prober.probe(target, 2000)), "unreachable");
    });
  });

  it("never throws, whatever JSON a node sends (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.jsonValue(), async (text, result) => {
        const one = await look(() => text);
        assert.equal(one.ok, false);
        const other = await look(answers({ ...healthy, eth_syncing: result }));
        assert.equal(other.ok, true);
      }),
      { numRuns: 40 },
    );
  });
});
