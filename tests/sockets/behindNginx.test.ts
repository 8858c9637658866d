import assert from "node:assert/strict";
import path from "node:path";
import { afterEach, describe, it } from "mocha";
import type { RenderInput } from "../../functions/domain/render/renderRelease";
import type { Settings } from "../../functions/domain/settings";
import { MockNode } from "../support/mockNode";
import { Nginx, type NginxOptions } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";
import { Harness } from "./support/harness";

describe("WebSockets on the proxy's port", () => {
  let node: MockNode;
  let nginx: Nginx;
  let harness: Harness | undefined;
  let input: RenderInput;

  const start = async (settings: Partial<Settings> = {}, options: NginxOptions = {}) => {
    node = await MockNode.start(({ json }) => {
      const { id, method } = json as { id: number; method: string };
      return { jsonrpc: "2.0", id, result: method };
    });
    input = poolOf([{ url: node.url }], settings);
    nginx = await Nginx.start(input, options);
    harness = await Harness.start({
      calls: { socketPath: path.join(nginx.runDirectory, "front.sock") },
      behind: { path: path.join(nginx.runDirectory, "sockets.sock"), url: nginx.url.replace("http", "ws") },
      network: { name: "mainnet", chainId: 1 },
    });
    return harness;
  };
  afterEach(async function () {
    nginx.explain(this.currentTest);
    await harness?.stop();
    harness = undefined;
    await nginx.stop();
    await node.close();
  });

  it("work on /, /<network> and /<chain id>, with the errors of HTTP calls", async () => {
    const gateway = await start();
    const key = `gw_${"x".repeat(43)}`; // Nobody looks at keys here, but callers may have theirs before they need it.
    for (const where of ["/", "/mainnet", "/1", `/mainnet/${key}`, `/${key}`]) {
      const client = await gateway.connect(where);
      assert.equal((await client.call("eth_gasPrice")).result, "eth_gasPrice");
      assert.equal((await client.call("debug_traceBlock")).error?.code, -32601);
      client.socket.send("[]");
      assert.equal(
        (JSON.parse(await client.message((text) => text.includes("-32600"))) as { id: null }).id,
        null,
      );
    }
    const lost = await gateway.connect("/nowhere");
    assert.equal((await lost.call("eth_gasPrice")).error?.code, -32600);
    assert.equal((await lost.call("eth_subscribe", ["newHeads"])).error?.code, -32600);
  });

  it("fail over like HTTP calls", async () => {
    const gateway = await start();
    const spare = await MockNode.start(({ json }) => ({
      jsonrpc: "2.0",
      id: (json as { id: number }).id,
      result: "spare",
    }));
    input = poolOf([{ url: node.url }, { url: spare.url }]);
    await nginx.reload(input);
    node.reset((_received, _response, socket) => {
      socket.destroy();
      return undefined;
    });
    const client = await gateway.connect();
    for (let call = 0; call < 10; call++) assert.equal((await client.call("eth_gasPrice")).result, "spare");
    await spare.close();
  });

  it("say of each call by its id that the proxy has too many under way", async () => {
    const gateway = await start({}, { callsInFlight: 1 });
    const client = await gateway.connect();
    await client.call("eth_gasPrice");
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    node.reset(async ({ json }) => {
      await held;
      return { jsonrpc: "2.0", id: (json as { id: number }).id, result: "late" };
    });
    const first = client.call("eth_call", [{}, "latest"]);
    await until(() => node.received.length === 1, { what: "a call is at the node" });
    try {
      assert.equal((await client.call("eth_gasPrice")).error?.code, -32603);
    } finally {
      release();
    }
    assert.equal((await first).result, "late");
  });

  it("live on when nginx reloads, and their calls obey the newest pool", async () => {
    const gateway = await start();
    const client = await gateway.connect();
    for (let reload = 0; reload < 3; reload++) {
      await nginx.reload(input);
      assert.equal((await client.call("eth_gasPrice")).result, "eth_gasPrice");
    }
    const other = await MockNode.start(({ json }) => ({
      jsonrpc: "2.0",
      id: (json as { id: number }).id,
      result: "other",
    }));
    await nginx.reload(poolOf([{ url: other.url }]));
    assert.equal((await client.call("eth_gasPrice")).result, "other");
    assert.equal(client.closeCode, undefined);
    client.socket.close();
    await other.close();
  });

  it("carry the client's address, and no client can make one up", async () => {
    const gateway = await start();
    await gateway.stop();
    const limited = await Harness.start({ ...gateway.options, limits: { maxSocketsPerClient: 1 } });
    harness = limited;
    await limited.connect("/", { "x-real-ip": "192.0.2.1", "x-forwarded-for": "192.0.2.1" });
    await assert.rejects(
      limited.connect("/", { "x-real-ip": "192.0.2.2", "x-forwarded-for": "192.0.2.2" }),
      /429/,
    );
  });

  it("are refused to pages of origins that are not allowed", async () => {
    const gateway = await start({ corsOrigins: ["https://app.example.org"] });
    await gateway.connect("/", { origin: "https://app.example.org" });
    await gateway.connect("/");
    await assert.rejects(gateway.connect("/", { origin: "https://evil.example.org" }), /403/);
  });

  it("are told of when they are not served, and HTTP goes on", async () => {
    const gateway = await start();
    await gateway.stop();
    harness = undefined;
    await assert.rejects(gateway.connect("/"), /503/);
    assert.equal((await nginx.post({ jsonrpc: "2.0", id: 1, method: "eth_gasPrice" })).status, 200);
    assert.equal((await nginx.get("/metrics")).status, 200);
  });

  it("count in /metrics beside HTTP", async () => {
    const gateway = await start();
    await gateway.connect();
    await until(async () => (await nginx.get("/metrics")).text.includes("\ngateway_sockets 1\n"), {
      what: "the socket is counted",
    });
    assert.equal((await nginx.get("/~sockets")).status, 404);
  });
});
