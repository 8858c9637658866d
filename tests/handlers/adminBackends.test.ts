import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { secret, url, useAdminStage } from "./adminStage";

describe("admin API", function () {
  this.timeout(20_000);
  const stage = useAdminStage();
  const { add, send } = stage;

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
      assert.deepEqual(stage.started, ["healthCheck"]);
      const node = await stage.registry.getNode(json.id);
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
        assert.deepEqual(await stage.registry.listNodes(), []);
        assert.deepEqual(stage.started, []);
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
      await stage.registry.putStates([
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
      stage.started = [];
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
      assert.deepEqual(stage.started, ["render"]);
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
      stage.started = [];
      const { status, text } = await send("DELETE", `/backends/${id}`);
      assert.deepEqual([status, text], [204, ""]);
      assert.deepEqual(stage.started, ["render"]);
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
      stage.use({
        workflow: { start: async () => Promise.reject(new Error(`cannot reach ${url}`)) },
      });
      await add();
      assert.equal((await stage.registry.listNodes()).length, 1);
      assert.equal(stage.log.lines.at(-1)?.level, "warn");
      assert.ok(!JSON.stringify(stage.log.lines).includes(secret));
    });
  });
});
