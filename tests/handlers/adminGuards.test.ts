import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { secret, url, useAdminStage } from "./adminStage";

describe("admin API", function () {
  this.timeout(20_000);
  const stage = useAdminStage();
  const { send } = stage;

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
      stage.registry.listNodes = () => Promise.reject(new Error(`no connection to ${url}`));
      const { status, json, text } = await send("GET", "/backends");
      assert.deepEqual([status, json], [500, { error: "internal_error" }]);
      assert.ok(!text.includes("connection"));
      assert.equal(stage.log.lines[0]?.level, "error");
      assert.ok(!JSON.stringify(stage.log.lines).includes(secret));
    });
  });
});
