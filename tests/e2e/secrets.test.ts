import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { AnvilChain } from "../support/anvil";
import { FaultyNode } from "../support/faultyNode";
import { Gateway } from "../support/gateway";
import { until } from "../support/poll";

const secrets = {
  path: "pathsecret7f3a91",
  query: "querysecret5be2c4",
  user: "usersecret20d9ee",
  password: "passsecret88b1f0",
  header: "headersecret64c7aa",
};

/** Everything that anybody but a node may get to see, gathered while nodes work, fail and are refused. */
describe("a provider's secret", function () {
  this.timeout(60_000);
  let chain: AnvilChain;
  let nodes: FaultyNode[];
  let gateway: Gateway;
  const seen: string[] = [];

  before(async () => {
    chain = await AnvilChain.start({ replicas: 1, blockTimeMs: 500 });
    nodes = await Promise.all([0, 1, 2].map(() => FaultyNode.start(chain.urls[0]!)));
    const [first, second, third] = nodes as [FaultyNode, FaultyNode, FaultyNode];
    const authority = new URL(second.url).host;
    gateway = await Gateway.start({
      RPC_PROVIDERS_HTTP: [
        `${first.url}/v3/${secrets.path}?apikey=${secrets.query}`,
        `http://${secrets.user}:${secrets.password}@${authority}/`,
      ].join(","),
    });
    await see("POST", `${gateway.adminUrl}/backends`, {
      url: `${third.url}/${secrets.path}/${secrets.query}`,
      headers: { "x-api-key": secrets.header },
      name: "third",
    });
    await until(async () => (await gateway.status()).nodes.every((node) => node.in_pool), {
      what: "every node is in the pool",
    });
  });

  after(async () => {
    await gateway?.stop();
    await Promise.all((nodes ?? []).map((node) => node.close()));
    await chain?.stop();
  });

  async function see(method: string, url: string, body?: unknown): Promise<void> {
    const answer = await fetch(url, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const headers = JSON.stringify([...answer.headers]);
    seen.push(`${method} ${url} ${answer.status} ${headers} ${await answer.text()}`);
  }

  async function seeEverything(): Promise<void> {
    const call = { jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] };
    for (let round = 0; round < 20; round++) await see("POST", gateway.url, call);
    await see("POST", gateway.url, Array(5).fill(call));
    await see("POST", `${gateway.url}/nowhere`, call);
    for (const page of [
      "/metrics",
      "/ready",
      "/health",
      "/",
      "/nginx.conf",
      "/pool.json",
      "/../release.json",
    ]) {
      await see("GET", gateway.url + page);
    }
    for (const node of (await gateway.status()).nodes) {
      await see("GET", `${gateway.adminUrl}/backends/${node.id}`);
    }
    for (const page of ["/", "/status", "/backends", "/nothing"]) await see("GET", gateway.adminUrl + page);
    await see("POST", `${gateway.adminUrl}/backends`, {
      url: `${nodes[2]!.url}/${secrets.path}/${secrets.query}`,
    });
    await see("POST", `${gateway.adminUrl}/backends`, {
      url: `ftp://${secrets.user}:${secrets.password}@host/`,
    });
  }

  it("reaches the node", async () => {
    // Proves that the secrets are in use, so that not finding them below means something.
    await until(() => nodes.every((node) => node.seen.length > 0), { what: "each node was called" });
  });

  it("is in no answer, page, metric or log, whether nodes work, fail or are gone", async () => {
    await seeEverything();
    const echo = `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"project id ${secrets.path} rate limit ${secrets.query}"}}`;
    for (const node of nodes) {
      node.fault = { kind: "answer", status: 429, contentType: "application/json", body: echo };
    }
    await seeEverything();
    for (const node of nodes) node.fault = { kind: "reset" };
    await seeEverything();
    await Promise.all(nodes.map((node) => node.down()));
    await seeEverything();
    await until(async () => (await gateway.status()).nodes.every((node) => !node.is_healthy), {
      what: "every node counts as unhealthy",
    });
    await seeEverything();
    await gateway.end("SIGTERM");
    const everything = [...seen, gateway.output].join("\n");
    assert.ok(seen.length > 100 && gateway.output.length > 1000);
    for (const [where, secret] of Object.entries(secrets)) {
      const at = everything.indexOf(secret);
      assert.equal(at, -1, `${where} leaked: …${everything.slice(Math.max(0, at - 300), at + 100)}…`);
    }
  });
});
