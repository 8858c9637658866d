import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createRedactor, redactText, redactUrl, secretsOf } from "../../functions/domain/redact";

describe("redactUrl", () => {
  const shown: [string, string][] = [
    ["https://mainnet.infura.io/v3/SECRET", "https://mainnet.infura.io/…"],
    ["https://user:SECRET@a.example:8545/?k=SECRET", "https://a.example:8545/…"],
    ["http://[::1]:8545", "http://[::1]:8545/…"],
    ["wss://a.example?SECRET", "wss://a.example/…"],
    ["https://a@SECRET@b.example/", "https://b.example/…"],
    ["SECRET", "…"],
    ["https://sec ret/", "https://…/…"],
  ];
  for (const [url, expected] of shown) {
    it(`shows ${url} as ${expected}`, () => assert.equal(redactUrl(url), expected));
  }
});

describe("redactText", () => {
  it("cleans a line of nginx's error log and keeps what is useful", () => {
    const line =
      '2026/01/02 03:04:05 [error] 7#7: *42 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: , request: "POST /mainnet/SECRET HTTP/1.1", subrequest: "/node/SECRET", upstream: "https://1.2.3.4:443/v3/SECRET", host: "rpc.example.org", referrer: "https://app.example.org/?t=SECRET"';
    assert.equal(
      redactText(line),
      '2026/01/02 03:04:05 [error] 7#7: *42 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: , request: "POST … HTTP/1.1", subrequest: "…", upstream: "https://1.2.3.4:443/…", host: "rpc.example.org", referrer: "…"',
    );
  });
  it("takes a caller's key out wherever it stands, whole or cut off", () => {
    const key = `gw_${"a".repeat(40)}Z_-`;
    assert.equal(redactText(`found ${key}, /mainnet/${key}, gw_abc`), "found …, /mainnet/…, …");
  });
  it("keeps nginx's complaints about a configuration readable", () => {
    const complaint =
      'nginx: [emerg] host not found in upstream "a.example:443" in /run/gateway/nginx.conf:37';
    assert.equal(redactText(complaint), complaint);
  });
  it("takes quotes inside a request line for part of it", () => {
    assert.equal(
      redactText('request: "GET /a"SECRET" HTTP/1.1", host: "b"'),
      'request: "GET … HTTP/1.1", host: "b"',
    );
  });
  it("finds URLs in JSON, credentials and keys without a URL", () => {
    for (const text of [
      String.raw`{"url":"https:\/\/a.example\/v3\/SECRET1234"}`,
      "connecting to user:SECRET1234@a.example failed",
      "Authorization: Bearer SECRET1234",
      '"x-api-key": "SECRET1234"',
      "apikey=SECRET1234&x=1",
      "getaddrinfo for /v3/SECRET1234SECRET1234",
    ]) {
      assert.ok(!redactText(text).includes("SECRET1234"), redactText(text));
    }
  });
  it("stays quick on hostile text", () => {
    const started = performance.now();
    for (const text of [
      "a".repeat(100_000),
      "a1".repeat(100_000),
      "a:".repeat(50_000),
      'request: "'.repeat(10_000),
      "http://".repeat(20_000),
      "-_".repeat(50_000),
    ]) {
      redactText(text);
    }
    assert.ok(performance.now() - started < 2000);
  });

  const secret = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/);
  const surroundings = fc.constantFrom<(url: string) => string>(
    (url) => url,
    (url) => `fetch ${url} failed`,
    (url) => `{"error":"${url}","n":1}`,
    (url) => `while proxying, upstream: "${url}", host: "x"`,
    (url) => `<${url}>, (${url})`,
    (url) => JSON.stringify({ url }).replaceAll("/", "\\/"),
  );
  const place = fc.constantFrom<(s: string) => string>(
    (s) => `https://a.example/v3/${s}`,
    (s) => `http://10.0.0.1:8545/${s}/x?y=1`,
    (s) => `https://a.example/?apikey=${s}`,
    (s) => `wss://user:${s}@a.example/`,
    (s) => `https://${s}@a.example`,
    (s) => `https://a.example/${encodeURIComponent(`${s} ${s}`)}`,
  );
  it("lets no secret of a URL survive, whatever surrounds it (property)", () => {
    fc.assert(
      fc.property(secret, place, surroundings, (s, put, surround) => {
        const host = put("x").includes(s) || surround("x").includes(s);
        fc.pre(!host);
        assert.ok(!redactText(surround(put(s))).includes(s));
      }),
      { numRuns: 2000 },
    );
  });
  it("changes nothing when applied to what it returned (property)", () => {
    fc.assert(
      fc.property(secret, place, surroundings, (s, put, surround) => {
        const once = redactText(surround(put(s)));
        assert.equal(redactText(once), once);
      }),
    );
  });
});

describe("createRedactor", () => {
  it("takes out the known secrets of nodes in any surroundings (property)", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_.~-]{6,30}$/);
    fc.assert(
      fc.property(word, word, word, fc.string(), fc.string(), (path, query, header, before, after) => {
        fc.pre(
          ![path, query, header].some(
            (s) => /mainnet|ethereum/i.test(s) || before.includes(s) || after.includes(s),
          ),
        );
        const node = {
          url: `https://a.example/v3/${path}?k=${query}`,
          headers: { "x-k": `Token ${header}` },
        };
        const redact = createRedactor(secretsOf(node));
        for (const s of [path, query, header]) {
          if (s === "." || s === "..") continue;
          assert.ok(!redact(`${before}${s}${after}`).includes(s));
        }
      }),
      { numRuns: 500 },
    );
  });
});
