import assert from "node:assert/strict";
import type { Hono } from "hono";
import { after, before, beforeEach, describe, it } from "mocha";
import { createAdminApp } from "../../functions/handlers/admin/app";
import { loopbackHosts } from "../../functions/handlers/admin/dependencies";
import type { Registry } from "../../functions/ports/registry";
import { adminSettings, MemoryDeployer, MemoryLog, TestClock } from "../support/controlPlane";
import { type Emulators, startEmulators } from "../support/emulators";

describe("admin API: keys", function () {
  this.timeout(20_000);
  let emulators: Emulators;
  let app: Hono;
  let registry: Registry;
  let started: string[];
  const log = new MemoryLog();
  let clock: TestClock;

  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());
  beforeEach(async () => {
    clock = new TestClock();
    registry = emulators.registry("keys", clock);
    for (const key of await registry.listKeys()) await registry.deleteKey(key.id);
    started = [];
    app = createAdminApp({
      registry,
      workflow: { start: async (mode) => void started.push(mode) },
      deployer: new MemoryDeployer(),
      clock,
      networks: async () => ({ networks: [{ name: "mainnet", chainId: 1 }], defaultNetwork: "mainnet" }),
      settings: adminSettings,
      allowedHosts: loopbackHosts,
      log,
    });
  });

  async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await app.request(`http://localhost:8546${path}`, {
      method,
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: text && JSON.parse(text) };
  }

  const rules = {
    name: "shop",
    networks: ["mainnet"],
    rate_per_second: 2.5,
    burst: 7,
    expires_at: "2026-02-01T01:00:00+01:00",
    origins: ["https://app.example.org", "http://localhost:3000"],
    methods: ["eth_*", "net_version"],
  };

  it("are told about in the status: whether they are needed, and who called how often", async () => {
    const at = clock.now().toISOString();
    const { id } = (await registry.addKey({ name: "shop" })).key;
    await registry.putTask({
      ...{ taskId: "task-1", releaseVersion: 1, startedAt: at, reportedAt: at, draining: false },
      counters: { requestsByStatus: {}, callsByNode: {}, callsByKey: { [id]: 7 } },
    });
    const { json } = await send("GET", "/status");
    assert.deepEqual(json.keys, { required: false, rate_per_second: null, burst: 100 });
    assert.deepEqual(json.tasks[0].calls_by_key, [{ id, calls: 7 }]);
  });

  it("answers 201 with the key, this once, and starts nothing", async () => {
    const { status, json } = await send("POST", "/keys", rules);
    assert.equal(status, 201);
    assert.match(json.key, /^gw_[\w-]{43}$/);
    const { key, ...view } = json;
    assert.deepEqual(view, {
      ...rules,
      id: view.id,
      expires_at: "2026-02-01T00:00:00.000Z",
      is_expired: false,
      when_created: "2026-01-01T00:00:00.000Z",
    });
    const listed = await send("GET", "/keys");
    assert.deepEqual(listed.json, [view]);
    const stored = JSON.stringify(await registry.listKeys());
    for (const text of [listed.text, stored, JSON.stringify(log)]) assert.ok(!text.includes(key));
    assert.ok(!listed.text.includes("hash"));
    assert.deepEqual(started, []);
  });

  it("needs nothing but a name", async () => {
    const { status, json } = await send("POST", "/keys", { name: "Ärger & Söhne" });
    assert.equal(status, 201);
    assert.deepEqual([json.networks, json.rate_per_second, json.expires_at], [null, null, null]);
  });

  it("lists the oldest first, and says which have expired", async () => {
    await send("POST", "/keys", { ...rules, expires_at: "2026-01-01T00:00:01Z" });
    clock.advance(2);
    await send("POST", "/keys", { name: "new" });
    const { json } = await send("GET", "/keys");
    assert.deepEqual(
      json.map((one: { name: string; is_expired: boolean }) => [one.name, one.is_expired]),
      [
        ["shop", true],
        ["new", false],
      ],
    );
  });

  it("revokes a key with 204, and knows it no more: 404", async () => {
    const { json } = await send("POST", "/keys", rules);
    assert.equal((await send("DELETE", `/keys/${json.id}`)).status, 204);
    assert.deepEqual(await registry.listKeys(), []);
    for (const id of [json.id, "k1", "n0000000000000000", encodeURIComponent("../x")]) {
      const answer = await send("DELETE", `/keys/${id}`);
      assert.deepEqual([answer.status, answer.json], [404, { error: "not_found" }], id);
    }
  });

  const bad: [string, unknown][] = [
    ["name", undefined],
    ["name", ""],
    ["name", "line\nfeed"],
    ["networks", ["nowhere"]],
    ["networks", []],
    ["rate_per_second", 0],
    ["rate_per_second", "5"],
    ["burst", 1.5],
    ["burst", 0],
    ["expires_at", "2025-12-31T00:00:00Z"],
    ["expires_at", "tomorrow"],
    ["origins", ["app.example.org"]],
    ["origins", ["https://app.example.org/"]],
    ["methods", ["eth call"]],
    ["methods", Array(51).fill("eth_call")],
    ["key", "gw_mine"],
  ];
  for (const [field, value] of bad) {
    it(`answers validation_error to ${field} = ${String(JSON.stringify(value)).slice(0, 60)}`, async () => {
      const { status, json } = await send("POST", "/keys", { name: "shop", [field]: value });
      assert.equal(status, 400);
      assert.equal(json.error, "validation_error");
      assert.equal(json.details[0].field.split(".")[0], field);
      assert.deepEqual(await registry.listKeys(), []);
    });
  }

  it("answers other mistakes as /backends does", async () => {
    assert.deepEqual((await send("POST", "/keys", "{")).json, { error: "parse_error" });
    assert.equal((await send("POST", "/keys", rules, { origin: "https://evil.example" })).status, 403);
    assert.equal((await send("POST", "/keys", rules, { "content-type": "text/plain" })).status, 415);
    assert.equal((await send("PUT", "/keys", rules)).status, 405);
    const patched = await send("PATCH", "/keys/k0000000000000000", rules);
    assert.deepEqual([patched.status, patched.headers.get("allow")], [405, "DELETE"]);
  });
});
