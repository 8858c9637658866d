import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { TestKeys } from "../support/keys";
import { each, MockNode } from "../support/mockNode";
import { type Answer, Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";

const request = (id: unknown = 1, method = "eth_call") => ({ jsonrpc: "2.0", id, method, params: [] });
const batch = (size: number) => Array.from({ length: size }, (_, id) => request(id));
const errorsOf = ({ json }: Answer) =>
  (json as unknown as { error?: { code: number } }[]).map((one) => one.error?.code);

/** A hundred calls at once may take a busy machine a second, which is no matter here. */
const patient = { attemptTimeoutSeconds: 5, callTimeoutSeconds: 10 };
/** So slow that nothing comes back while a test runs, unless it waits for it. */
const slow = 0.01;

describe("rate limits", () => {
  let node: MockNode;
  let nginx: Nginx;
  const keys = new TestKeys(() => nginx);
  let clients = 0;
  /** A client that nobody has heard of yet. */
  const newClient = () => ({ "x-forwarded-for": `192.0.2.${++clients}` });

  before(async () => {
    node = await MockNode.start(each(() => ({ result: "0x1" })));
  });
  after(() => node?.close());
  afterEach(function () {
    nginx?.explain(this.currentTest);
  });

  describe("per key", () => {
    before(async () => {
      nginx = await Nginx.start(poolOf([{ url: node.url }], { ...patient, requireKeys: true, keyBurst: 3 }), {
        workers: 2,
      });
    });
    after(() => nginx?.stop());

    it("allow bursts; over it → 429, −32005, `Retry-After`", async () => {
      const key = await keys.add({ ratePerSecond: slow, burst: 5 });
      const { calls } = node;
      for (let call = 0; call < 5; call++) {
        assert.equal((await nginx.post(request(), { path: `/${key}` })).status, 200);
      }
      const over = await nginx.post(request('x"y'), { path: `/${key}` });
      assert.equal(over.status, 429);
      assert.deepEqual(over.json, {
        jsonrpc: "2.0",
        id: 'x"y',
        error: { code: -32005, message: "The rate limit is exceeded." },
      });
      assert.ok(Math.abs(Number(over.headers["retry-after"]) - 100) <= 1, over.headers["retry-after"]);
      assert.equal(over.headers["access-control-allow-origin"], "*");
      assert.equal(node.calls, calls + 5);
      assert.equal((await nginx.post(request(), { path: `/${await keys.add()}` })).status, 200);
    });

    it("are counted per call (a batch of 50 is 50), and inside a batch only the elements over it fail", async () => {
      const key = await keys.add({ ratePerSecond: slow, burst: 60 });
      assert.deepEqual(errorsOf(await nginx.post(batch(50), { path: `/${key}` })), Array(50).fill(undefined));
      const { calls } = node;
      const mixed = await nginx.post([...batch(12), { jsonrpc: "1.0", id: 99 }], { path: `/${key}` });
      assert.equal(mixed.status, 200);
      assert.ok(Number(mixed.headers["retry-after"]) > 90);
      assert.deepEqual(errorsOf(mixed), [...Array(10).fill(undefined), -32005, -32005, -32600]);
      assert.equal(node.calls, calls + 10);
      assert.equal((await nginx.post(request(), { path: `/${key}` })).status, 429);
    });

    it("are kept by all workers together, however many calls come at once", async () => {
      const key = await keys.add({ ratePerSecond: slow, burst: 100 });
      const answers = await Promise.all(
        Array.from({ length: 150 }, () => nginx.post(request(), { path: `/mainnet/${key}` })),
      );
      const served = answers.filter(({ status }) => status === 200).length;
      // Two workers that both see a caller come back from its rest give it one call too many.
      assert.ok(served === 100 || served === 101, String(served));
    });

    it("give back what time brings, and no more than the burst", async () => {
      const key = await keys.add({ ratePerSecond: 20, burst: 2 });
      const post = () => nginx.post(request(), { path: `/${key}` });
      const startedAt = Date.now();
      let served = 0;
      let askedAt = startedAt;
      let restedMs = 0;
      await until(
        async () => {
          const before = askedAt;
          askedAt = Date.now();
          if ((await post()).status === 200) served++;
          // Time in which nobody asks gives back the burst, and no more.
          restedMs += Math.max(0, Date.now() - before - 100);
          return Date.now() - startedAt - restedMs > 700;
        },
        { what: "a while of trying", everyMs: 1 },
      );
      const most = 2 + ((Date.now() - startedAt) / 1000) * 20 + 2;
      assert.ok(served >= 12 && served <= most, `${served} of at most ${most}`);
    });

    it("that a key does not name are those of the settings", async () => {
      // keyRatePerSecond is 0: no limit.
      const free = await keys.add();
      for (let call = 0; call < 10; call++) {
        assert.equal((await nginx.post(request(), { path: `/${free}` })).status, 200);
      }
      const key = await keys.add({ ratePerSecond: slow });
      assert.deepEqual(errorsOf(await nginx.post(batch(4), { path: `/${key}` })), [
        ...Array(3).fill(undefined),
        -32005,
      ]);
    });

    it("survive a reload, and are told in /metrics", async () => {
      const key = await keys.add({ ratePerSecond: slow, burst: 2 });
      await nginx.post(batch(2), { path: `/${key}` });
      await nginx.reload(poolOf([{ url: node.url }], { requireKeys: true }));
      assert.equal((await nginx.post(request(), { path: `/${key}` })).status, 429);
      const { text } = await nginx.control("/metrics");
      const usage = (outcome: string) =>
        `gateway_key_calls_total{key="${keys.idOf(key)}",name="shop",outcome="${outcome}"}`;
      assert.ok(text.includes(`${usage("admitted")} 2\n`) && text.includes(`${usage("limited")} 1\n`), text);
      assert.match(text, /^gateway_turned_away_total\{reason="key rate"\} \d+$/m);
      const { callsByKey } = (await nginx.control("/stats")).json;
      assert.equal(callsByKey?.[keys.idOf(key)], 2, "the agent reports it too");
    });
  });

  describe("per client address", () => {
    before(async () => {
      const settings = { addressRatePerSecond: slow, addressBurst: 3, trustedProxies: ["127.0.0.1"] };
      nginx = await Nginx.start(poolOf([{ url: node.url }], settings), { workers: 2 });
    });
    after(() => nginx?.stop());

    it("work without keys: over it → 429, −32005, `Retry-After`", async () => {
      const [one, other] = [newClient(), newClient()];
      for (let call = 0; call < 3; call++) {
        assert.equal((await nginx.post(request(), { headers: one })).status, 200);
      }
      const over = await nginx.post(request(), { headers: one });
      assert.deepEqual([over.status, over.json.error.code], [429, -32005]);
      assert.ok(Number(over.headers["retry-after"]) > 90);
      assert.equal((await nginx.post(request(), { headers: other })).status, 200);
      const { text } = await nginx.control("/metrics");
      assert.match(text, /^gateway_turned_away_total\{reason="address rate"\} 1$/m);
    });

    it("are counted per call of a batch; only the elements over it fail", async () => {
      const headers = newClient();
      const answer = await nginx.post(batch(5), { headers });
      assert.deepEqual(errorsOf(answer), [undefined, undefined, undefined, -32005, -32005]);
      assert.equal((await nginx.post(batch(2), { headers })).status, 200);
    });

    it("take an IPv6 /64 for one client", async () => {
      const at = (address: string) => nginx.post(request(), { headers: { "x-forwarded-for": address } });
      for (const host of ["1", "2", "3"]) assert.equal((await at(`2001:db8::${host}`)).status, 200);
      assert.equal((await at("2001:db8::4")).status, 429);
      assert.equal((await at("2001:db8:0:1::4")).status, 200);
    });

    it("answer invalid calls as ever", async () => {
      const headers = newClient();
      for (let call = 0; call < 3; call++) await nginx.post(request(), { headers });
      assert.equal((await nginx.post("{", { headers })).status, 400);
      assert.equal((await nginx.post("", { headers })).status, 400);
      assert.equal((await nginx.post("[]", { headers })).status, 400);
    });
  });

  describe("per client address, without trusted proxies", () => {
    before(async () => {
      const settings = { addressRatePerSecond: slow, addressBurst: 3 };
      nginx = await Nginx.start(poolOf([{ url: node.url }], settings));
    });
    after(() => nginx?.stop());

    it("the client address comes from trusted proxies only", async () => {
      for (let call = 0; call < 3; call++) {
        assert.equal((await nginx.post(request(), { headers: newClient() })).status, 200);
      }
      for (const address of ["192.0.2.77", "unix:", "127.0.0.1, unix:"]) {
        assert.equal((await nginx.post(request(), { headers: { "x-forwarded-for": address } })).status, 429);
      }
    });
  });
});
