import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { until } from "../support/poll";
import { AgentBench, type AgentTask } from "./harness";
import { testRelease } from "./testRelease";

describe("the agent's log", function () {
  this.timeout(60_000);
  let bench: AgentBench;
  let task: AgentTask;
  before(async () => {
    bench = await AgentBench.create();
  });
  after(() => bench.close());
  afterEach(async function () {
    await task.stop();
    if (this.currentTest?.state === "failed") console.error(task.events());
  });

  it("is JSON lines only: its own events, nginx's errors, and one line per request", async () => {
    await bench.publish(testRelease(1, { extra: "location = /dead { proxy_pass http://127.0.0.1:9/x; }" }));
    task = await (await bench.task("json")).startAndServe("release 1 ");
    await task.get("/dead");
    await until(() => task.lines.some(({ uri, status }) => uri === "/dead" && status === 502), {
      what: "a request",
    });
    const error = await until(() => task.lines.find(({ source }) => source === "nginx"), {
      what: "an error",
    });
    assert.equal(error.level, "error");
    assert.match(String(error.msg), /Connection refused.*upstream: "http:\/\/127\.0\.0\.1:9\/…"/);
    assert.ok(task.lines.every(({ level }) => level !== "not JSON"));
  });

  it("never shows a secret of a node's URL or a client's key, although nginx logs both", async () => {
    const [path, query, key, short] = [
      "planted-in-the-path",
      "planted7in7the7query",
      "planted-client-key",
      "s3cr3t",
    ];
    const extra = `
      location /dead { proxy_pass http://127.0.0.1:9/v2/${path}/${short}?apikey=${query}; }
      location /missing { alias /nowhere/${short}/; }
    `;
    const release = testRelease(2, { extra, secrets: [path, query, short] });
    await bench.publish(release);
    task = await (await bench.task("secrets")).startAndServe("release 2 ");
    await task.get(`/dead/mainnet/${key}?token=${query}`);
    await task.get("/missing/file");
    await until(() => task.lines.filter(({ source }) => source === "nginx").length >= 2, {
      what: "two errors",
    });
    // refused by nginx, whose complaint quotes it
    await bench.publish(
      testRelease(3, { extra: `bogus_${short} https://node.test/v2/${path};`, secrets: [path, short] }),
    );
    const { badRelease } = await task.reports((beat) => beat.badRelease !== undefined, "3 is bad");
    await task.stop();
    const withoutUris = task.lines.filter(({ uri }) => uri === undefined).map((line) => JSON.stringify(line));
    for (const text of [...withoutUris, JSON.stringify(badRelease)]) {
      for (const secret of [path, query, key, short]) assert.ok(!text.includes(secret), text);
    }
  });

  it("counts lines of nginx instead of showing them when there are very many", async () => {
    await bench.publish(testRelease(4, { extra: "location = /dead { proxy_pass http://127.0.0.1:9/x; }" }));
    task = await (await bench.task("many")).startAndServe("release 4 ");
    for (let call = 0; call < 200; call++) await task.get("/dead");
    await until(
      async () => {
        await task.get("/dead");
        return task.logged("nginx log lines suppressed").length > 0;
      },
      { what: "suppression" },
    );
  });

  it("passes every request on although the file is rotated, and keeps the file small", async () => {
    const limit = 8_192;
    await bench.publish(testRelease(5));
    task = await (await bench.task("rotation", { ACCESS_LOG_LIMIT_BYTES: String(limit) })).startAndServe(
      "release 5 ",
    );
    const calls = 2_000;
    for (let call = 0; call < calls; call += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => task.get(`/call/${call + index}`)));
    }
    const seen = () =>
      new Set(task.lines.map(({ uri }) => String(uri)).filter((uri) => uri.startsWith("/call/")));
    await until(() => seen().size === calls, { what: "every request in the log" }).catch(() => {});
    assert.equal(seen().size, calls);
    assert.equal(
      task.lines.filter(({ uri }) => String(uri).startsWith("/call/")).length,
      calls,
      "none twice",
    );
    await until(async () => (await stat(join(task.runDirectory, "access.log"))).size <= limit, {
      what: "a small file",
    });
    await until(async () => !(await readdir(task.runDirectory)).includes("access.log.1"), {
      what: "one file only",
    });
  });

  it("does not hold up the proxy or its health check when nobody reads it", async () => {
    await bench.publish(testRelease(6));
    task = await bench.task("unread", { ACCESS_LOG_LIMIT_BYTES: "65536" });
    await task.startAndServe("release 6 ");
    task.stopReading();
    const padding = "x".repeat(2_000);
    for (let call = 0; call < 4_000; call += 50) {
      await Promise.all(Array.from({ length: 50 }, () => task.get(`/${padding}`)));
    }
    assert.equal((await task.get("/health")).status, 200);
    await bench.publish(testRelease(7));
    await task.serves("release 7 ");
    await until(async () => (await stat(join(task.runDirectory, "access.log"))).size <= 65_536, {
      what: "a small file",
    });
    const started = Date.now();
    task.signal("SIGTERM");
    assert.equal(await task.ended(), 0);
    assert.ok(Date.now() - started < 4_000);
  });
});
