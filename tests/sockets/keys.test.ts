import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import type { RenderInput } from "../../functions/domain/render/renderRelease";
import { TestKeys } from "../support/keys";
import { each, MockNode } from "../support/mockNode";
import { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";
import { Harness } from "./support/harness";

const networks = [
  { name: "mainnet", chainId: 1 },
  { name: "base", chainId: 8453 },
];

describe("WebSockets with keys", () => {
  let node: MockNode;
  let nginx: Nginx;
  let input: RenderInput;
  let gateway: Harness;
  const keys = new TestKeys(() => nginx);

  before(async () => {
    node = await MockNode.start(each(({ method }) => ({ result: method })));
    const settings = { requireKeys: true, addressRatePerSecond: 0.01, addressBurst: 20 };
    input = poolOf([{ url: node.url }], { ...settings, trustedProxies: ["127.0.0.1"] }, { networks });
    nginx = await Nginx.start(input);
  });
  beforeEach(async () => {
    gateway = await Harness.start({
      calls: { socketPath: path.join(nginx.runDirectory, "front.sock") },
      behind: { path: path.join(nginx.runDirectory, "sockets.sock"), url: nginx.url.replace("http", "ws") },
      network: { name: "mainnet", chainId: 1 },
      keysFile: path.join(nginx.runDirectory, "keys.json"),
    });
  });
  afterEach(async function () {
    nginx.explain(this.currentTest);
    await gateway.stop();
  });
  after(async () => {
    await nginx?.stop();
    await node?.close();
  });
  let clients = 0;
  const newAddress = () => ({ "x-forwarded-for": `192.0.2.${++clients}` });

  it("open by a key in the path or as a bearer token, and their calls are made with it", async () => {
    const key = await keys.add({ networks: ["mainnet"], methods: ["eth_call", "eth_chainId"] });
    const bearer = { authorization: `Bearer ${key}` };
    for (const [where, headers] of [
      [`/${key}`, {}],
      [`/mainnet/${key}`, {}],
      ["/", bearer],
      ["/1", bearer],
    ] as const) {
      const client = await gateway.connect(where, { ...headers, ...newAddress() });
      assert.equal((await client.call("eth_call")).result, "eth_call");
      assert.equal((await client.call("eth_gasPrice")).error?.code, -32601);
    }
    const { text } = await nginx.control("/metrics");
    assert.ok(text.includes(`key="${keys.idOf(key)}",name="shop",outcome="admitted"} 8\n`), text);
  });

  it("without a valid key → 401; for another network or origin → 403", async () => {
    const key = await keys.add({ networks: ["mainnet"], origins: ["https://app.example.org"] });
    const refused = (where: string, status: RegExp, headers = {}) =>
      assert.rejects(gateway.connect(where, { ...headers, ...newAddress() }), status);
    await refused("/", /401/);
    await refused(`/mainnet/gw_${"x".repeat(43)}`, /401/);
    await refused("/", /401/, { "x-gateway-key": keys.idOf(key) });
    await refused(`/${key}`, /403/);
    await refused(`/base/${key}`, /403/, { origin: "https://app.example.org" });
    await gateway.connect(`/${key}`, { origin: "https://app.example.org", ...newAddress() });
  });

  it("get limits: calls are counted by the key and by the address of the socket", async () => {
    const key = await keys.add({ ratePerSecond: 0.01, burst: 3 });
    const first = await gateway.connect(`/${key}`, newAddress());
    const second = await gateway.connect(`/${key}`, newAddress());
    for (const client of [first, second, first]) {
      assert.equal((await client.call("eth_call")).result, "eth_call");
    }
    assert.equal((await second.call("eth_call")).error?.code, -32005);
    assert.equal((await second.call("eth_subscribe", ["newHeads"])).error?.code, -32005);
    const address = newAddress();
    const free = await gateway.connect(`/${await keys.add()}`, address);
    for (let call = 0; call < 20; call++) assert.equal((await free.call("eth_call")).result, "eth_call");
    assert.equal((await free.call("eth_call")).error?.code, -32005);
    const http = await nginx.post(
      { jsonrpc: "2.0", id: 1, method: "eth_call" },
      {
        path: `/${await keys.add()}`,
        headers: address,
      },
    );
    assert.equal(http.status, 429);
  });

  it("end with 1008 within five seconds of their key's end, revoked or expired", async () => {
    const revoked = await keys.add();
    const expiring = await keys.add({ expiresAt: new Date(Date.now() + 1_000).toISOString() });
    const lasting = await gateway.connect(`/${await keys.add()}`, newAddress());
    const first = await gateway.connect(`/${revoked}`, newAddress());
    const second = await gateway.connect(`/${expiring}`, newAddress());
    assert.equal((await first.call("eth_call")).result, "eth_call");
    await keys.revoke(revoked);
    const refused = await first.call("eth_call").catch(() => undefined);
    if (refused) assert.equal(refused.error?.code, -32600);
    await until(() => first.closeCode === 1008 && second.closeCode === 1008, {
      what: "both are closed",
      deadlineMs: 5_000,
    });
    // Counted when the closing is over at this end too.
    await until(() => gateway.metric("gateway_sockets_closed_total", '{reason="key"}') === 2, {
      what: "both are counted",
    });
    assert.equal((await lasting.call("eth_call")).result, "eth_call");
  });

  it("keep their key over a reload; the gateway's own questions need none", async () => {
    const key = await keys.add();
    const client = await gateway.connect(`/mainnet/${key}`, newAddress());
    assert.equal((await client.call("eth_call")).result, "eth_call");
    await nginx.reload(input);
    for (let call = 0; call < 5; call++) assert.equal((await client.call("eth_call")).result, "eth_call");
    for (let call = 0; call < 30; call++) {
      assert.equal(await gateway.sockets.hub.road.ask("mainnet", "eth_call", [], 2_000), "eth_call");
    }
  });

  it("don't tell the gateway the key, only its id", async () => {
    await gateway.stop();
    const seen: { url?: string; headers: http.IncomingHttpHeaders }[] = [];
    const recorder = http.createServer().on("upgrade", ({ url, headers }, socket) => {
      seen.push({ url, headers });
      socket.end("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n");
    });
    await once(recorder.listen(path.join(nginx.runDirectory, "sockets.sock")), "listening");
    try {
      const key = await keys.add();
      const headers = { ...newAddress(), authorization: `Bearer ${key}`, "x-gateway-key": "k1" };
      await assert.rejects(gateway.connect("/8453", headers), /503/);
      await assert.rejects(gateway.connect(`/${key}?a=b`, newAddress()), /503/);
      assert.deepEqual(
        seen.map(({ url, headers: got }) => [url, got["x-gateway-key"]]),
        [
          ["/base", keys.idOf(key)],
          ["/mainnet?a=b", keys.idOf(key)],
        ],
      );
      assert.ok(!JSON.stringify(seen).includes(key));
    } finally {
      recorder.close();
      recorder.closeAllConnections();
    }
  });
});
