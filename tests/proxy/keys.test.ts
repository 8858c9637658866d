import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import path from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import type { RenderInput } from "../../functions/domain/render/renderRelease";
import { TestKeys } from "../support/keys";
import { each, MockNode } from "../support/mockNode";
import { type Answer, Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";

const request = (method = "eth_call", id: unknown = 1) => ({ jsonrpc: "2.0", id, method, params: [] });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const stranger = `gw_${"A".repeat(43)}`;

describe("keys", () => {
  let node: MockNode;
  let nginx: Nginx;
  let input: RenderInput;
  const keys = new TestKeys(() => nginx);

  before(async () => {
    node = await MockNode.start(each(({ method }) => ({ result: method })));
    const networks = [
      { name: "mainnet", chainId: 1 },
      { name: "base", chainId: 8453 },
    ];
    input = poolOf(
      [{ url: node.url }, { url: node.url.replace("127.0.0.1", "localhost"), network: "base" }],
      { requireKeys: true, logParams: true },
      { networks },
    );
    nginx = await Nginx.start(input, { workers: 2 });
  });
  after(async () => {
    await nginx?.stop();
    await node?.close();
  });
  afterEach(function () {
    nginx.explain(this.currentTest);
  });

  const isRefused = (answer: Answer, status: number, code = -32600) => {
    assert.deepEqual([answer.status, answer.json.error.code, answer.json.result], [status, code, undefined]);
  };
  const isServed = (answer: Answer, method = "eth_call") =>
    assert.deepEqual([answer.status, answer.json.result], [200, method], answer.text);

  it("that are not known yet let nobody in, but say so: 503, and no 401", async () => {
    const answer = await nginx.post(request(), { headers: bearer(stranger) });
    isRefused(answer, 503, -32603);
    assert.equal(answer.headers["retry-after"], "1");
    assert.equal(node.calls, 0);
  });

  it("are found by whoever is asked first after a start", async () => {
    const key = keys.write();
    isServed(await nginx.post(request(), { path: `/mainnet/${key}` }));
  });

  it("in the path (/<network>/<key>) or `Authorization: Bearer` identify the caller", async () => {
    const key = await keys.add();
    for (const where of [`/mainnet/${key}`, `/1/${key}`, `/base/${key}`, `/${key}`, `/mainnet/${key}/`]) {
      isServed(await nginx.post(request(), { path: where }));
      isServed(await nginx.post(request("eth_newThing"), { path: where }), "eth_newThing");
    }
    for (const where of ["/", "/mainnet", "/8453"]) {
      isServed(await nginx.post(request(), { path: where, headers: bearer(key) }));
      isServed(await nginx.post(request(), { path: where, headers: { authorization: `bearer  ${key}` } }));
    }
    const batch = await nginx.post([request("eth_call", 1), request("eth_gasPrice", 2)], { path: `/${key}` });
    assert.deepEqual(
      [batch.status, batch.json[0]?.result, batch.json[1]?.result],
      [200, "eth_call", "eth_gasPrice"],
    );
    const unknown = await nginx.post(request(), { path: `/nowhere/${key}` });
    assert.equal(unknown.status, 404);
  });

  it("that are missing, unknown, expired or revoked → 401 with no hint", async () => {
    const revoked = await keys.add();
    const expired = await keys.add({ expiresAt: new Date(Date.now() - 1000).toISOString() });
    await keys.revoke(revoked);
    const { calls } = node;
    const tries: { path?: string; headers?: Record<string, string> }[] = [
      {},
      { path: "/mainnet" },
      { path: "/nowhere" },
      { path: `/nowhere/${stranger}` },
      { path: `/${stranger}` },
      { path: `/mainnet/${revoked}` },
      { path: `/mainnet/${expired}` },
      { path: "/mainnet/gw_" },
      { path: `/mainnet/${revoked.slice(0, -1)}` },
      { path: `/mainnet/${"gw_".repeat(1000)}` },
      { headers: bearer(stranger) },
      { headers: bearer(expired) },
      { headers: { authorization: `Basic ${revoked}` } },
      { headers: { authorization: "Bearer version" } },
      { headers: { authorization: `Bearer ${"0".repeat(64)}` } },
      { headers: { "x-gateway-key": keys.idOf(expired) } },
    ];
    const answers = await Promise.all(tries.map((one) => nginx.post(request(), one)));
    for (const [index, answer] of answers.entries()) {
      isRefused(answer, 401);
      assert.equal(answer.text, answers[0]!.text, JSON.stringify(tries[index]));
      assert.equal(answer.headers["www-authenticate"], "Bearer");
      assert.equal(answer.headers["access-control-allow-origin"], "*");
    }
    assert.equal(node.calls, calls);
  });

  it("that a client names by a header of ours are not believed", async () => {
    const key = await keys.add();
    const headers = { "x-gateway-key": keys.idOf(key), "x-forwarded-for": "unix:" };
    isRefused(await nginx.post(request(), { headers }), 401);
  });

  it("that a client names are not believed either when a worker on its way out passes its call on", async () => {
    const key = await keys.add();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      isServed(await nginx.post(request(), { agent, headers: bearer(key) }));
      await nginx.reload(input);
      isServed(await nginx.post(request(), { agent, headers: bearer(key) }));
      isRefused(await nginx.post(request(), { agent, headers: { "x-gateway-key": keys.idOf(key) } }), 401);
    } finally {
      agent.destroy();
    }
  });

  it("added and revoked are effective without a reload", async () => {
    const generation = async () =>
      /gateway_configuration_generation (\d+)/.exec((await nginx.control("/metrics")).text)?.[1];
    const before = await generation();
    const key = await keys.add();
    const all = () =>
      Promise.all(Array.from({ length: 20 }, () => nginx.post(request(), { path: `/${key}` })));
    for (const answer of await all()) isServed(answer);
    await keys.revoke(key);
    for (const answer of await all()) isRefused(answer, 401);
    assert.equal(await generation(), before);
  });

  it("stay in force over a reload", async () => {
    const key = await keys.add();
    await nginx.reload(input);
    isServed(await nginx.post(request(), { path: `/${key}` }));
  });

  it("open only the networks they are for: 403", async () => {
    const key = await keys.add({ networks: ["base"] });
    isServed(await nginx.post(request(), { path: `/base/${key}` }));
    isServed(await nginx.post(request(), { path: `/8453/${key}` }));
    for (const where of [`/mainnet/${key}`, `/${key}`]) {
      isRefused(await nginx.post(request(), { path: where }), 403);
    }
  });

  it("may call only the methods they are for: −32601, in a batch for each", async () => {
    const key = await keys.add({ methods: ["eth_get*", "eth_chainId", "debug_*"] });
    const post = (body: unknown) => nginx.post(body, { path: `/${key}` });
    isServed(await post(request("eth_getBalance")), "eth_getBalance");
    assert.equal((await post(request("eth_chainId"))).json.result, "0x1");
    for (const method of ["eth_call", "net_version", "eth_blockNumber", "debug_traceBlock"]) {
      isRefused(await post(request(method)), 200, -32601);
    }
    const { json } = await post([request("eth_getLogs", 1), request("eth_call", 2)]);
    assert.deepEqual([json[0]?.result, json[1]?.error.code], ["eth_getLogs", -32601]);
  });

  it("that may call some methods only see a node fail and come back as all others do", async () => {
    const key = await keys.add({ methods: ["eth_call"] });
    const post = (path: string) => nginx.post(request(), { path });
    const all = await keys.add();
    isServed(await post(`/${key}`));
    node.reset((_received, _response, socket) => {
      socket.destroy();
      return undefined;
    });
    assert.equal((await post(`/${key}`)).status, 502);
    node.reset(each(({ method }) => ({ result: method })));
    for (const one of [key, all]) {
      await until(async () => (await post(`/${one}`)).status === 200, { what: "the node is back" });
    }
  });

  it("work only from the origins they are for: 403", async () => {
    const key = await keys.add({ origins: ["https://app.example.org"] });
    const from = (origin?: string) =>
      nginx.post(request(), { path: `/${key}`, headers: origin === undefined ? {} : { origin } });
    isServed(await from("https://app.example.org"));
    for (const origin of ["https://evil.example.org", "null", undefined]) isRefused(await from(origin), 403);
  });

  it("in the path change nothing while no key is needed: callers can have theirs before", async () => {
    const key = await keys.add({ networks: ["mainnet"], methods: ["eth_call"] });
    await nginx.reload({ ...input, settings: { ...input.settings, requireKeys: false } });
    for (const where of [`/mainnet/${key}`, `/${key}`, "/mainnet", "/"]) {
      isServed(await nginx.post(request("eth_newThing"), { path: where }), "eth_newThing");
    }
    isServed(await nginx.post(request("eth_newThing"), { headers: bearer(key) }), "eth_newThing");
    isRefused(await nginx.post(request(), { path: `/nowhere/${key}` }), 404);
    const { text: metrics } = await nginx.get("/metrics");
    assert.ok(!metrics.includes("gateway_key_calls_total"), "what was counted with keys is in nobody's way");
    await nginx.reload(input);
    isRefused(await nginx.post(request("eth_newThing"), { path: `/${key}` }), 200, -32601);
  });

  it("are never logged or sent to a node; their names are logged, and usage is in /metrics", async () => {
    const name = 'Ärger "&\\ Söhne';
    const key = await keys.add({ name, networks: ["mainnet"] });
    const id = keys.idOf(key);
    node.reset(each(({ method }) => ({ result: method })));
    await nginx.post(request(), { path: `/mainnet/${key}` });
    await nginx.post(request("eth_newThing"), { headers: bearer(key) });
    await nginx.post([request("eth_call", 1), request("eth_call", 2)], { path: `/${key}` });
    await nginx.post(request(), { path: `/base/${key}` });
    await nginx.send("GET", `/mainnet/${key}`);
    await nginx.send("OPTIONS", `/mainnet/${key}`);
    const file = path.join(nginx.runDirectory, "access.log");
    const logged = async () => (await nginx.accessLog(1)).filter((line) => line.key === name).length;
    await until(async () => (await logged()) === 4, { what: "four lines with the key's name" });
    const { text: metrics } = await nginx.get("/metrics");
    const usage = (outcome: string) =>
      `gateway_key_calls_total{key="${id}",name="Ärger \\"&\\\\ Söhne",outcome="${outcome}"}`;
    assert.ok(metrics.includes(`${usage("admitted")} 4\n`), metrics);
    assert.ok(metrics.includes(`${usage("refused")} 1\n`));
    assert.match(metrics, /^gateway_turned_away_total\{reason="key"\} \d+$/m);
    const everything = [
      readFileSync(file, "utf8"),
      metrics,
      nginx.errorLog,
      JSON.stringify(node.received),
    ].join();
    assert.ok(!everything.includes(key) && !everything.includes(key.slice(3)));
  });
});
