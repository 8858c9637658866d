import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { WebSocket } from "ws";
import { AnvilChain } from "../../support/anvil";
import { Gateway } from "../../support/gateway";
import { until } from "../../support/poll";
import { descendants } from "../../support/processes";
import { Client } from "../support/harness";

interface Head {
  number: string;
  hash: string;
  parentHash: string;
}

describe("WebSockets of the whole gateway", function () {
  this.timeout(120_000);
  let chain: AnvilChain;
  let gateway: Gateway;
  const connect = (path = "/") => Client.over(new WebSocket(gateway.url.replace("http", "ws") + path));
  const heads = (client: Client, id: string) => client.resultsOf(id) as Head[];
  const follows = (client: Client, id: string) =>
    until(() => Number(heads(client, id).at(-1)?.number) >= chain.height - 1, {
      what: "the newest heads arrive",
      deadlineMs: 20_000,
    });

  before(async () => {
    chain = await AnvilChain.start({ replicas: 3, blockTimeMs: 500 });
    gateway = await Gateway.start({ RPC_PROVIDERS_HTTP: chain.urls[0]! });
    for (const url of chain.urls.slice(1)) {
      const answer = await fetch(`${gateway.adminUrl}/backends`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url, ws_url: url.replace("http", "ws") }),
      });
      assert.equal(answer.status, 201, await answer.text());
    }
    for (const url of chain.urls) {
      await until(async () => (await gateway.node(url))?.in_pool, {
        what: "it is in the pool",
        deadlineMs: 30_000,
      });
    }
  });
  after(async () => {
    await gateway.stop();
    await chain.stop();
  });

  it("live on while nodes leave and join the pool and nginx reloads for each", async () => {
    const client = await connect();
    const id = await client.subscribe("newHeads");
    const release = async () => (await gateway.status()).release?.version ?? 0;
    const before = await release();
    const metrics = async () => (await fetch(`${gateway.url}/metrics`)).text();
    await until(async () => /gateway_upstream_sockets\{network="[^"]+"\} 1/.test(await metrics()), {
      what: "a node's socket is the source",
    });
    for (const node of chain.nodes.slice(1)) {
      await node.kill();
      await until(async () => !(await gateway.node(node.url))?.in_pool, {
        what: "it leaves",
        deadlineMs: 20_000,
      });
      await follows(client, id);
      await chain.restart(node);
      await until(async () => (await gateway.node(node.url))?.in_pool, {
        what: "it is back",
        deadlineMs: 20_000,
      });
      await follows(client, id);
    }
    await until(async () => (await release()) >= before + 4, { what: "each change is released" });
    const seen = heads(client, id);
    seen.slice(1).forEach((head, index) => {
      assert.equal(head.parentHash, seen[index]!.hash, `block ${Number(head.number)} follows`);
    });
    assert.ok(seen.length > 8);
    assert.equal(client.closeCode, undefined);
    client.socket.close();
  });

  it("are served again at once when the socket gateway was killed, and HTTP does not notice", async () => {
    const client = await connect();
    const found = await until(
      () => descendants(gateway.pid).find(({ command }) => command.includes("sockets.js")),
      { what: "the socket gateway runs" },
    );
    process.kill(found.pid, "SIGKILL");
    await until(() => client.closeCode !== undefined, { what: "its sockets are closed" });
    assert.equal((await gateway.rpc("eth_chainId")).status, 200);
    const again = await until(() => connect(), { what: "a new socket opens" });
    await again.subscribe("newHeads");
    again.socket.close();
  });

  it("never outlive an agent that was killed", async () => {
    const running = (file: string) =>
      until(() => descendants(gateway.pid).find(({ command }) => command.includes(file)), {
        what: `${file} runs`,
      });
    const agent = await running("agent.js");
    const sockets = await running("sockets.js");
    process.kill(agent.pid, "SIGKILL");
    await until(() => !descendants(process.pid).some(({ pid }) => pid === sockets.pid), {
      what: "it has ended",
    });
    const again = await until(() => connect(), { what: "a new socket opens", deadlineMs: 30_000 });
    again.socket.close();
  });

  it("are told with 1012 to reconnect when the gateway stops", async () => {
    const clients = await Promise.all([connect(), connect(), connect()]);
    await clients[0]!.subscribe("newHeads");
    assert.equal(await gateway.end(), 0);
    assert.deepEqual(
      clients.map(({ closeCode }) => closeCode),
      [1012, 1012, 1012],
    );
  });
});
