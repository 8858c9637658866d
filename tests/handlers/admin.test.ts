import assert from "node:assert/strict";
import fc from "fast-check";
import type { Hono } from "hono";
import { after, before, beforeEach, describe, it } from "mocha";
import { createAdminApp } from "../../functions/handlers/admin/app";
import { loopbackHosts } from "../../functions/handlers/admin/dependencies";
import type { Registry } from "../../functions/ports/registry";
import { adminSettings, MemoryDeployer, MemoryLog, TestClock } from "../support/controlPlane";
import { type Emulators, startEmulators } from "../support/emulators";

const secret = "planted-secret-0123456789";
const url = `https://a.example/v3/${secret}`;

describe("admin API", function () {
  this.timeout(20_000);
  let emulators: Emulators;
  let regions = 0;
  let app: Hono;
  let registry: Registry;
  let log: MemoryLog;
  let started: string[];
  const clock = new TestClock();

  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());
  beforeEach(async () => {
    registry = emulators.registry(`admin-${regions++}`, clock);
    for (const node of await registry.listNodes()) await registry.deleteNode(node.id);
    log = new MemoryLog();
    started = [];
    app = createAdminApp({
      registry,
      workflow: { start: async (mode) => void started.push(mode) },
      deployer: new MemoryDeployer(),
      clock,
      networks: async () => ({
        networks: [
          { name: "mainnet", chainId: 1 },
          { name: "base", chainId: 8453 },
        ],
        defaultNetwork: "mainnet",
      }),
      settings: adminSettings,
      allowedHosts: loopbackHosts,
      log,
    });
  });

  interface Answer {
    status: number;
    headers: Headers;
    text: string;
    // biome-ignore lint/suspicious/noExplicitAny: what the API answers is what is tested.
    json: any;
  }
  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await app.request(`http://localhost:8546${path}`, {
      method,
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      headers: {
        host: "localhost:8546",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  }
  const add = async (more: object = {}): Promise<Answer["json"]> => {
    const { status, json } = await send("POST", "/backends", { url, ...more });
    assert.equal(status, 201);
    return json;
  };

  describe("POST /backends", () => {
    it("adds a node, answers 201 without its secrets, and starts a health check", async () => {
      const { status, json, text, headers } = await send("POST", "/backends", {
        url,
        ws_url: `wss://a.example/ws/${secret}`,
        headers: { "x-api-key": secret },
        name: "A",
        weight: 50,
        max_rps: 12.5,
      });
      assert.equal(status, 201);
      assert.equal(headers.get("location"), `/backends/${json.id}`);
      assert.deepEqual(json, {
        id: json.id,
        url: "https://a.example/…",
        ws_url: "wss://a.example/…",
        header_names: ["x-api-key"],
        name: "A",
        network: "mainnet",
        is_leader: false,
        weight: 50,
        drained: false,
        max_rps: 12.5,
        max_concurrency: null,
        monthly_credits: null,
        credits_used: null,
        source: "admin",
        when_added: "2026-01-01T00:00:00.000Z",
        is_healthy: false,
        reason: null,
        block_number: null,
        lag: null,
        latency_ms: null,
        in_pool: false,
        since: null,
        checked_at: null,
      });
      assert.ok(!text.includes(secret));
      assert.deepEqual(started, ["healthCheck"]);
      const node = await registry.getNode(json.id);
      assert.equal(node?.url, url);
      assert.equal(node?.headers?.["x-api-key"], secret);
    });
    it("answers 409 when the URL is there already, however it is written, or the network has a leader", async () => {
      await add({ is_leader: true });
      const same = await send("POST", "/backends", { url: `HTTPS://A.example:443/v3/${secret}` });
      assert.deepEqual([same.status, same.json.error], [409, "already_exists"]);
      const leader = await send("POST", "/backends", { url: `${url}2`, is_leader: true });
      assert.deepEqual([leader.status, leader.json.error], [409, "leader_exists"]);
      assert.ok(!same.text.includes(secret) && !leader.text.includes(secret));
      assert.equal((await send("POST", "/backends", { url, network: "base", is_leader: true })).status, 201);
    });
    for (const body of ["", "{", "url", '{"url":', "\u0000"]) {
      it(`answers parse_error to ${JSON.stringify(body)}`, async () => {
        const { status, json } = await send("POST", "/backends", body);
        assert.deepEqual([status, json], [400, { error: "parse_error" }]);
      });
    }
    const invalid: [string, unknown, string][] = [
      ["no object", [], "body"],
      ["null", null, "body"],
      ["a number", 5, "body"],
      ["no URL", {}, "url"],
      ["a URL that is no string", { url: 5 }, "url"],
      ["a newline", { url: `${url}\nlisten 1;` }, "url"],
      ["a quote", { url: `${url}"` }, "url"],
      ["a semicolon", { url: `${url};` }, "url"],
      ["a brace", { url: `${url}}` }, "url"],
      ["a dollar", { url: `${url}\${` }, "url"],
      ["a backslash", { url: `${url}\\` }, "url"],
      ["a space", { url: `${url} x` }, "url"],
      ["a file", { url: `file:///etc/${secret}` }, "url"],
      ["the metadata address", { url: `http://169.254.169.254/${secret}` }, "url"],
      ["a private address where they are not allowed", { url: `http://10.0.0.1/${secret}` }, "url"],
      ["8 KB", { url: `${url}${"x".repeat(8192)}` }, "url"],
      ["an unknown network", { url, network: "sepolia" }, "network"],
      ["an unknown field", { url, wieght: 5 }, "wieght"],
      ["weight 0", { url, weight: 0 }, "weight"],
      ["weight as text", { url, weight: "5" }, "weight"],
      ["a leader as text", { url, is_leader: "yes" }, "is_leader"],
      ["a header with a line break", { url, headers: { "x-k": `${secret}\r\nHost: b` } }, "headers"],
      ["a header that is the proxy's", { url, headers: { host: secret } }, "headers"],
      ["headers as a list", { url, headers: [secret] }, "headers"],
      ["a header __proto__", JSON.parse(`{"url":"${url}","headers":{"__proto__":"${secret}"}}`), "headers"],
      ["a header that is no string", { url, headers: { x: 5 } }, "headers"],
      [
        "two ways to authenticate",
        { url: `https://u:${secret}@a.example/`, headers: { Authorization: secret } },
        "headers",
      ],
      ["an http ws_url", { url, ws_url: url }, "ws_url"],
      ["a name with a control character", { url, name: "a\u0007" }, "name"],
      ["a limit of 0", { url, max_rps: 0 }, "max_rps"],
      ["a limit of null", { url, max_concurrency: null }, "max_concurrency"],
    ];
    for (const [what, body, field] of invalid) {
      it(`answers validation_error with details to ${what}`, async () => {
        const { status, json, text } = await send("POST", "/backends", body);
        assert.equal(status, 400);
        assert.equal(json.error, "validation_error");
        assert.ok(
          json.details.some((one: { field: string; message: string }) => one.field === field && one.message),
        );
        assert.ok(!text.includes(secret));
        assert.deepEqual(await registry.listNodes(), []);
        assert.deepEqual(started, []);
      });
    }
    it("tells all problems at once", async () => {
      const { json } = await send("POST", "/backends", { url: "x", weight: 0, foo: 1 });
      const fields = json.details.map((one: { field: string }) => one.field);
      for (const field of ["url", "weight", "foo"]) assert.ok(fields.includes(field));
    });
    it("never answers 5xx, whatever JSON it gets (property)", async () => {
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), async (body, value, other) => {
          for (const sent of [body, { url: value, headers: other }, { url, name: value, weight: other }]) {
            const { status } = await send("POST", "/backends", sent);
            assert.ok([201, 400, 409].includes(status));
          }
        }),
        { numRuns: 50 },
      );
    });
  });

  describe("GET, PATCH, DELETE /backends", () => {
    it("lists and shows nodes with their health", async () => {
      const { id } = await add();
      const at = "2026-01-01T00:00:00.000Z";
      await registry.putStates([
        {
          nodeId: id,
          network: "mainnet",
          healthy: true,
          reason: "ok",
          height: 100,
          lag: 2,
          latencyMs: 7,
          badStreak: 0,
          goodStreak: 1,
          everHealthy: true,
          inPool: true,
          since: at,
          checkedAt: at,
        },
      ]);
      const one = await send("GET", `/backends/${id}`);
      assert.equal(one.json.is_healthy, true);
      assert.equal(one.json.block_number, 100);
      assert.equal(one.json.lag, 2);
      const all = await send("GET", "/backends");
      assert.deepEqual(all.json, [one.json]);
      assert.ok(!all.text.includes(secret));
    });
    it("changes what is named, and renders", async () => {
      const { id } = await add({ max_rps: 5, name: "A" });
      started = [];
      const { status, json } = await send("PATCH", `/backends/${id}`, {
        weight: 7,
        drained: true,
        is_leader: true,
        name: null,
        max_rps: null,
        max_concurrency: 4,
      });
      assert.equal(status, 200);
      assert.deepEqual(
        [json.weight, json.drained, json.is_leader, json.name, json.max_rps, json.max_concurrency],
        [7, true, true, null, null, 4],
      );
      assert.deepEqual(started, ["render"]);
    });
    it("answers 409 when the network has another leader", async () => {
      await add({ is_leader: true });
      const { id } = await add({ url: `${url}2` });
      const { status, json } = await send("PATCH", `/backends/${id}`, { is_leader: true, weight: 3 });
      assert.deepEqual([status, json.error], [409, "leader_exists"]);
      assert.equal((await send("GET", `/backends/${id}`)).json.weight, 100);
    });
    for (const body of [{}, { url }, { weight: 0 }, { weight: null }, { foo: 1 }, [], "x"]) {
      it(`answers validation_error to PATCH ${JSON.stringify(body)}`, async () => {
        const { id } = await add();
        const { status, json } = await send("PATCH", `/backends/${id}`, JSON.stringify(body));
        assert.deepEqual([status, json.error], [400, "validation_error"]);
        assert.ok(json.details.length > 0);
      });
    }
    it("removes a node, and renders", async () => {
      const { id } = await add();
      started = [];
      const { status, text } = await send("DELETE", `/backends/${id}`);
      assert.deepEqual([status, text], [204, ""]);
      assert.deepEqual(started, ["render"]);
      assert.equal((await send("DELETE", `/backends/${id}`)).status, 404);
    });
    it("answers not_found to what is not there", async () => {
      for (const id of ["n0000000000000000", "x", "..%2f", "%00", "__proto__", "n".repeat(3000)]) {
        for (const [method, body] of [["GET"], ["PATCH", { weight: 5 }], ["DELETE"]] as const) {
          const { status, json } = await send(method, `/backends/${id}`, body);
          assert.deepEqual([status, json], [404, { error: "not_found" }], `${method} ${id}`);
        }
      }
      assert.deepEqual((await send("GET", "/nothing")).json, { error: "not_found" });
    });
    it("answers 405 with Allow to other methods", async () => {
      const put = await send("PUT", "/backends", {});
      assert.deepEqual([put.status, put.headers.get("allow")], [405, "GET, HEAD, POST"]);
      assert.equal((await send("PUT", "/backends/n0000000000000000", {})).status, 405);
      assert.equal((await send("POST", "/status", {})).status, 405);
    });
    it("keeps a change although the workflow can't be started", async () => {
      app = createAdminApp({
        registry,
        workflow: { start: async () => Promise.reject(new Error(`cannot reach ${url}`)) },
        clock,
        networks: async () => ({ networks: [{ name: "mainnet", chainId: 1 }], defaultNetwork: "mainnet" }),
        settings: adminSettings,
        allowedHosts: loopbackHosts,
        log,
      });
      await add();
      assert.equal((await registry.listNodes()).length, 1);
      assert.equal(log.lines.at(-1)?.level, "warn");
      assert.ok(!JSON.stringify(log.lines).includes(secret));
    });
  });

  describe("guards", () => {
    it("refuse bodies that are not JSON", async () => {
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonx",
        "",
      ]) {
        const { status } = await send("POST", "/backends", { url }, { "content-type": type });
        assert.equal(status, 415, type);
      }
      assert.equal(
        (await send("POST", "/backends", { url }, { "content-type": "Application/JSON; charset=utf-8" }))
          .status,
        201,
      );
    });
    it("refuse foreign hosts: another name may resolve to us", async () => {
      for (const host of [
        "evil.example",
        "evil.example:8546",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "localhost@evil.example",
        "",
        "a b",
      ]) {
        for (const path of ["/nothing", "/status", "/backends"]) {
          assert.equal((await send("GET", path, undefined, { host })).status, 403, host);
        }
      }
      for (const host of ["127.0.0.1:8546", "[::1]:8546", "LOCALHOST:8546", "localhost"]) {
        assert.equal((await send("GET", "/status", undefined, { host })).status, 200, host);
      }
    });
    it("refuse foreign origins", async () => {
      for (const origin of [
        "https://evil.example",
        "null",
        "http://localhost:3000",
        "http://127.0.0.1:8546",
        "x",
      ]) {
        assert.equal((await send("POST", "/backends", { url }, { origin })).status, 403, origin);
        assert.equal((await send("GET", "/backends", undefined, { origin })).status, 403, origin);
      }
      assert.equal(
        (await send("POST", "/backends", { url }, { origin: "http://localhost:8546" })).status,
        201,
      );
      assert.equal(
        (
          await send("GET", "/status", undefined, {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "no-cors",
          })
        ).status,
        403,
      );
      assert.equal(
        (
          await send("GET", "/status", undefined, {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
          })
        ).status,
        200,
      );
    });
    it("limit bodies", async () => {
      assert.equal((await send("POST", "/backends", { url, name: "x".repeat(70_000) })).status, 413);
    });
    it("send security headers, on errors too", async () => {
      for (const path of ["/status", "/nothing"]) {
        const { headers } = await send("GET", path);
        assert.equal(headers.get("x-content-type-options"), "nosniff");
        assert.equal(headers.get("x-frame-options"), "DENY");
        assert.equal(headers.get("cache-control"), "no-store");
        assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
        assert.equal(headers.get("access-control-allow-origin"), null);
      }
    });
    it("answer an inner error without telling of it, and log it redacted", async () => {
      registry.listNodes = () => Promise.reject(new Error(`no connection to ${url}`));
      const { status, json, text } = await send("GET", "/backends");
      assert.deepEqual([status, json], [500, { error: "internal_error" }]);
      assert.ok(!text.includes("connection"));
      assert.equal(log.lines[0]?.level, "error");
      assert.ok(!JSON.stringify(log.lines).includes(secret));
    });
  });

  describe("status", () => {
    const hostile = `"><script>alert(1)</script><b>&'`;
    beforeEach(async () => {
      const { id } = await add({ name: hostile });
      await add({ url: `${url}2`, is_leader: true });
      const at = "2026-01-01T00:00:00.000Z";
      await registry.putStates([
        {
          nodeId: id,
          network: "mainnet",
          healthy: false,
          reason: "lagging",
          height: 89,
          lag: 11,
          latencyMs: 7,
          badStreak: 2,
          goodStreak: 0,
          everHealthy: true,
          inPool: false,
          since: at,
          checkedAt: at,
        },
      ]);
      await registry.putReference({ network: "mainnet", height: 100, checkedAt: at });
      const record = { sha256: "ab".repeat(32), publishedAt: at, status: "good" as const };
      await registry.publishRelease({ ...record, version: 1 }, undefined);
      await registry.publishRelease({ ...record, version: 2 }, 1);
      await registry.markReleaseBad(2, `[emerg] ${hostile}`);
      await registry.putTask({
        taskId: hostile,
        releaseVersion: 1,
        badRelease: { version: 2, note: `in upstream ${url}` },
        startedAt: at,
        reportedAt: at,
        draining: false,
        counters: {
          requestsByStatus: { "2xx": 5 },
          callsByNode: { [id]: { ok: 3, failed: 1, latencyMsSum: 40 } },
        },
      });
    });
    it("tells networks, nodes, releases, tasks, without a secret", async () => {
      const { json, text } = await send("GET", "/status");
      assert.deepEqual(json.networks, [
        { name: "mainnet", chain_id: 1, is_default: true, reference_height: 100, nodes: 2, healthy_nodes: 0 },
        {
          name: "base",
          chain_id: 8453,
          is_default: false,
          reference_height: null,
          nodes: 0,
          healthy_nodes: 0,
        },
      ]);
      assert.equal(json.nodes.length, 2);
      assert.equal(json.release.version, 1);
      assert.deepEqual(
        json.releases.map((one: { version: number; status: string }) => [one.version, one.status]),
        [
          [2, "bad"],
          [1, "good"],
        ],
      );
      assert.equal(json.tasks[0].is_current, true);
      assert.equal(json.tasks[0].bad_release.version, 2);
      assert.equal(json.tasks[0].calls_by_node[0].mean_latency_ms, 10);
      assert.deepEqual(json.service, { desired_tasks: 1, running_tasks: 1, deployment_in_progress: false });
      assert.ok(!text.includes(secret));
    });
    it("is shown even when the service can't be asked", async () => {
      const deployer = { describe: () => Promise.reject(new Error("ECS is away")) };
      app = createAdminApp({
        registry,
        deployer,
        clock,
        log,
        workflow: { start: async () => undefined },
        networks: async () => ({ networks: [] }),
        settings: adminSettings,
        allowedHosts: "any",
      });
      assert.equal(
        (await send("GET", "/status", undefined, { host: "x.execute-api.example" })).json.service,
        null,
      );
    });
  });
});
