import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { type ClientOptions, WebSocket } from "ws";
import { until } from "../support/poll";
import { clientFrame, upgradeByHand } from "./support/bareSocket";
import { genesis } from "./support/blocks";
import { type Answerer, CallError, Harness, type HarnessOptions, StandIn } from "./support/harness";

const head = { number: "0x0", hash: genesis.hash, parentHash: genesis.parentHash, timestamp: "0x1" };

describe("calls over a socket", () => {
  let answer: Answerer;
  let proxy: StandIn;
  let harness: Harness;
  const start = async (options: Partial<HarnessOptions> = {}) => {
    harness = await Harness.start({ calls: { port: proxy.port }, ...options });
  };
  before(async () => {
    proxy = await StandIn.start((call, request) => answer(call, request));
  });
  after(() => proxy.stop());
  afterEach(async () => {
    await harness.stop();
    proxy.seen.length = 0;
  });
  const usual: Answerer = ({ method, params }) => {
    if (method === "eth_getBlockByNumber") return head;
    if (method === "eth_chainId") return "0x7a69";
    return params;
  };

  it("take the road of HTTP calls: path, address, key and origin go along, the answer comes back as it is", async () => {
    answer = usual;
    await start();
    const client = await harness.connect("/test/secret", {
      "x-real-ip": "192.0.2.7",
      "x-forwarded-for": "192.0.2.7",
      "x-gateway-key": "k0123456789abcdef",
      origin: "https://app.example",
    });
    client.socket.send('{"jsonrpc":"2.0","id":12345678901234567890,"method":"echo","params":[1]}');
    assert.equal(
      await client.message(() => true),
      '{"jsonrpc":"2.0","id":12345678901234567890,"result":[1]}',
    );
    const [{ path, headers }] = proxy.seen as [(typeof proxy.seen)[0]];
    assert.equal(path, "/test/secret");
    assert.equal(headers["x-forwarded-for"], "192.0.2.7");
    assert.equal(headers["x-gateway-key"], "k0123456789abcdef");
    assert.equal(headers.origin, "https://app.example");
  });

  it("answers garbage with −32700 and lives, takes binary frames and batches", async () => {
    answer = usual;
    await start();
    const client = await harness.connect();
    for (const garbage of ["{", "", "nonsense", '{"a":1}}', Buffer.from([0xff, 0x00, 0x12])]) {
      client.texts.length = 0;
      client.socket.send(garbage);
      assert.deepEqual(JSON.parse(await client.message(() => true)), {
        jsonrpc: "2.0",
        id: null,
        error: { code: -32700, message: "parse error" },
      });
    }
    client.socket.send(Buffer.from('{"jsonrpc":"2.0","id":"binary","method":"echo","params":[2]}'));
    await client.message((text) => text.includes('"binary","result":[2]'));
    client.socket.send(
      '[{"jsonrpc":"2.0","id":1,"method":"echo","params":[]},{"jsonrpc":"2.0","id":1,"method":"echo","params":[3]}]',
    );
    await client.message((text) => text.startsWith('[{"jsonrpc":"2.0","id":1,"result":[]}'));
  });

  it("sends nothing for a notification", async () => {
    answer = usual;
    await start();
    const client = await harness.connect();
    client.socket.send('{"jsonrpc":"2.0","method":"echo","params":[]}');
    await client.call("echo");
    assert.equal(client.texts.length, 1);
    assert.equal(proxy.count("echo"), 2);
  });

  it("mixes its own answers into a batch in order, and answers the batch before it notifies", async () => {
    answer = usual;
    await start();
    const client = await harness.connect();
    client.socket.send(
      JSON.stringify([
        { jsonrpc: "2.0", id: 1, method: "echo", params: ["a"] },
        { jsonrpc: "2.0", id: 2, method: "eth_subscribe", params: ["newHeads"] },
        { jsonrpc: "2.0", method: "echo", params: ["notification"] },
        { jsonrpc: "2.0", id: 3, method: "eth_unsubscribe", params: ["0x12"] },
        { jsonrpc: "2.0", id: 4, method: "echo", params: ["b"] },
        { jsonrpc: "2.0", id: 5, method: "eth_subscribe", params: ["nonsense"] },
      ]),
    );
    const answers = JSON.parse(await client.message((text) => text.startsWith("["))) as {
      id: number;
      result: unknown;
      error?: { code: number };
    }[];
    assert.deepEqual(
      answers.map(({ id }) => id),
      [1, 2, 3, 4, 5],
    );
    assert.match(String(answers[1]!.result), /^0x[0-9a-f]{32}$/);
    assert.equal(answers[2]!.result, false);
    assert.deepEqual(answers[3]!.result, ["b"]);
    assert.equal(answers[4]!.error?.code, -32601);
  });

  it("does not hold up others behind slow calls", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    answer = (call) => (call.method === "slow" ? gate : usual(call, undefined as never));
    await start();
    const client = await harness.connect();
    for (let id = 0; id < 40; id++)
      client.socket.send(`{"jsonrpc":"2.0","id":${id},"method":"slow","params":[]}`);
    const began = performance.now();
    await client.call("echo");
    assert.ok(performance.now() - began < 1000);
    release();
    await until(() => client.texts.length === 41, { what: "all are answered" });
  });

  it("stops reading from a client with too many calls under way, and loses none", async () => {
    let underWay = 0;
    let most = 0;
    answer = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 2));
      underWay--;
      return true;
    };
    await start();
    const client = await harness.connect();
    for (let id = 0; id < 1500; id++)
      client.socket.send(`{"jsonrpc":"2.0","id":${id},"method":"x","params":[]}`);
    await until(() => client.texts.length === 1500, { what: "all are answered" });
    assert.ok(most <= 64, `${most} at once`);
  });

  it("says with a JSON-RPC error that a call did not get through", async () => {
    answer = (_call, request) => request.socket.destroy();
    await start();
    const client = await harness.connect();
    client.socket.send(
      '[{"jsonrpc":"2.0","id":"a\\u0062","method":"x"},{"jsonrpc":"2.0","id":7,"method":"x"}]',
    );
    const text = await client.message(() => true);
    assert.match(text, /^\[\{"jsonrpc":"2.0","id":"a\\u0062","error":\{"code":-32603/);
  });

  it("passes the proxy's refusal on to a subscription: keys and rate limits hold for those too", async () => {
    answer = () => {
      throw new CallError(-32005, "rate limit");
    };
    await start();
    const client = await harness.connect();
    const { error } = await client.call("eth_subscribe", ["newHeads"]);
    assert.deepEqual(error, { code: -32005, message: "rate limit" });
  });

  it("bounds sockets of the task and of a client, at the handshake", async () => {
    answer = usual;
    await start({ limits: { maxSocketsPerTask: 3, maxSocketsPerClient: 2 } });
    const from = (ip: string) => harness.connect("/", { "x-real-ip": ip });
    const first = await from("192.0.2.1");
    await from("192.0.2.1");
    await assert.rejects(from("192.0.2.1"), /429/);
    await from("192.0.2.2");
    await assert.rejects(from("192.0.2.3"), /503/);
    first.socket.close();
    await until(() => harness.metric("gateway_sockets") === 2, { what: "the socket is gone" });
    await from("192.0.2.1");
    assert.equal(harness.metric("gateway_sockets_refused_total", '{reason="client full"}'), 1);
  });

  it("bounds subscriptions of a socket, also when they come at once; unsubscribing makes room", async () => {
    answer = usual;
    await start({ limits: { maxSubscriptionsPerSocket: 3 } });
    const client = await harness.connect();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.call("eth_subscribe", ["newHeads"])),
    );
    assert.equal(answers.filter(({ error }) => error?.code === -32005).length, 2);
    const ids = answers.flatMap(({ result }) => (result ? [result] : []));
    assert.equal((await client.call("eth_unsubscribe", [ids[0]])).result, true);
    assert.equal((await client.call("eth_unsubscribe", [ids[0]])).result, false);
    assert.equal((await client.call("eth_unsubscribe", [])).error?.code, -32602);
    await client.subscribe("newHeads");
    assert.equal(harness.metric("gateway_subscriptions", '{network="test",type="newHeads"}'), 3);
  });

  it("closes a socket with an oversized frame with 1009, and no other", async () => {
    answer = usual;
    await start({ limits: { maxFrameBytes: 4096 } });
    const [greedy, other] = await Promise.all([harness.connect(), harness.connect()]);
    greedy.socket.send("x".repeat(5000));
    await until(() => greedy.closeCode === 1009, { what: "the socket is closed" });
    assert.deepEqual((await other.call("echo", [1])).result, [1]);
  });

  it("closes a socket that answers no pings", async () => {
    answer = usual;
    await start({ limits: { socketPingSeconds: 1 } });
    const healthy = await harness.connect();
    const silent = new WebSocket(harness.url, { autoPong: false } as ClientOptions);
    await until(() => silent.readyState === WebSocket.CLOSED, { what: "the silent one is closed" });
    assert.equal(healthy.closeCode, undefined);
    assert.equal(harness.metric("gateway_sockets_closed_total", '{reason="silent"}'), 1);
  });

  it("cuts off a slow reader, and nobody else", async () => {
    const blob = "y".repeat(100_000);
    answer = ({ method }) => (method === "big" ? blob : "0x1");
    await start({ limits: { maxSocketQueueBytes: 256 * 1024 } });
    const other = await harness.connect();
    const slow = await upgradeByHand(harness.sockets.server.port);
    slow.pause();
    for (let call = 0; call < 200; call++) {
      slow.write(clientFrame(`{"jsonrpc":"2.0","id":${call},"method":"big","params":[]}`));
    }
    await until(() => harness.metric("gateway_sockets_closed_total", '{reason="slow reader"}') === 1, {
      what: "the slow reader is cut off",
    });
    assert.equal((await other.call("x")).result, "0x1");
    slow.destroy();
  });

  it("tells sockets to reconnect before it stops: 1012, spread over the time, calls under way answered", async () => {
    answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return "late";
    };
    await start({ drainSeconds: 1 });
    const clients = await Promise.all(Array.from({ length: 20 }, () => harness.connect()));
    const closedAt: number[] = [];
    for (const { socket } of clients) socket.once("close", () => closedAt.push(Date.now()));
    const late = clients[0]!.call("slow");
    await until(() => proxy.count("slow") === 1, { what: "the call is under way" });
    const began = Date.now();
    const stopped = harness.sockets.stop();
    await assert.rejects(harness.connect(), /503|ECONNREFUSED/);
    assert.equal((await late).result, "late");
    await stopped;
    await until(() => clients.every(({ closeCode }) => closeCode !== undefined), { what: "all are closed" });
    assert.ok(clients.every(({ closeCode }) => closeCode === 1012));
    assert.ok(Math.max(...closedAt) - Math.min(...closedAt) >= 400, "spread");
    assert.ok(Math.max(...closedAt) - began < 2000, "in time");
  });

  it("keeps sockets over reloads, but for the sake of no more than two old generations of workers", async () => {
    answer = usual;
    await start();
    const under = (generation: number) =>
      harness.connect("/", { "x-gateway-generation": String(generation) });
    const many = await Promise.all([under(1), under(1), under(1)]);
    const few = await under(2);
    const some = await Promise.all([under(3), under(3)]);
    harness.sockets.server.useGeneration(3);
    assert.equal((await few.call("echo")).error, undefined);
    harness.sockets.server.useGeneration(4);
    await until(() => few.closeCode === 1012, { what: "the generation with the fewest is closed" });
    for (const generation of [5, 6, 7]) harness.sockets.server.useGeneration(generation);
    for (const client of [...many, ...some]) assert.deepEqual((await client.call("echo", [1])).result, [1]);
  });
});
