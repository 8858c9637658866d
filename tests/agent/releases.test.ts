import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { until } from "../support/poll";
import { AgentBench, type AgentTask } from "./harness";
import { testRelease } from "./testRelease";

describe("the agent's release", function () {
  this.timeout(60_000);
  let bench: AgentBench;
  let task: AgentTask;
  let number = 0;
  before(async () => {
    bench = await AgentBench.create();
  });
  after(() => bench.close());
  beforeEach(async () => {
    task = await bench.task(`releases-${++number}`);
  });
  afterEach(async function () {
    await task.stop();
    if (this.currentTest?.state === "failed") console.error(task.events());
  });

  it("is the built-in one while the store has none; the task is healthy, and takes the first that comes", async () => {
    await task.startAndServe("built-in 0 ");
    await task.isHealthy();
    await task.reports(({ releaseVersion }) => releaseVersion === 0, "version 0 reported");
    await bench.publish(testRelease(1));
    await task.serves("release 1 ");
    await task.reports(({ releaseVersion }) => releaseVersion === 1, "version 1 reported");
  });

  it("is the store's from the first call on", async () => {
    await bench.publish(testRelease(2, { marker: "second" }));
    await task.startAndServe("second 2 1");
    await task.isHealthy();
    assert.equal(task.logged("built-in configuration in force").length, 0);
  });

  it("is the copy on disk when the store can't be reached, and the task is healthy with it", async () => {
    await bench.publish(testRelease(3, { marker: "third" }));
    await task.startAndServe("third 3 ");
    await task.stop();
    const restarted = await bench.task(task.name, { RUN_DIRECTORY: task.runDirectory, ...noStore });
    try {
      await restarted.startAndServe("third 3 ");
      await restarted.isHealthy();
      await restarted.reports(({ releaseVersion }) => releaseVersion === 3, "version 3 reported");
    } finally {
      await restarted.stop();
    }
  });

  it("is the built-in one, and the task not healthy, with neither store nor copy", async () => {
    const lonely = await bench.task(task.name, noStore);
    try {
      await lonely.startAndServe("built-in 0 ");
      assert.equal((await lonely.get("/health")).status, 503);
    } finally {
      await lonely.stop();
    }
  });

  it("is not a damaged copy on disk", async () => {
    await bench.publish(testRelease(4));
    await task.startAndServe("release 4 ");
    await task.stop();
    const file = join(task.runDirectory, "last-good.json");
    await writeFile(file, (await readFile(file, "utf8")).replace("listen", "LISTEN"));
    const restarted = await bench.task(task.name, { RUN_DIRECTORY: task.runDirectory, ...noStore });
    try {
      await restarted.startAndServe("built-in 0 ");
      assert.match(restarted.output, /copy of the last good release can't be used/);
    } finally {
      await restarted.stop();
    }
  });

  it("stays the last good one when nginx refuses the next; that is reported once, redacted", async () => {
    await bench.publish(testRelease(5, { marker: "fifth" }));
    await task.startAndServe("fifth 5 ");
    const extra = "proxy_pas https://node.test/v3/0123456789abcdef0123456789abcdef;";
    await bench.publish(testRelease(6, { extra, secrets: ["hush-hush"] }));
    const { badRelease, releaseVersion } = await task.reports(
      (beat) => beat.badRelease?.version === 6,
      "6 is bad",
    );
    assert.equal(releaseVersion, 5);
    assert.match(badRelease?.note ?? "", /unknown directive "proxy_pas"/);
    assert.equal((await task.get("/")).body, "fifth 5 1");
    await task.isHealthy();
    // the same content under another version is known to be bad
    await bench.publish(testRelease(7, { extra, secrets: ["hush-hush"] }));
    await task.reports((beat) => beat.badRelease?.version === 7, "7 is bad too");
    await bench.publish(testRelease(8, { marker: "eighth" }));
    await task.serves("eighth 8 ");
    await task.reports((beat) => beat.releaseVersion === 8 && beat.badRelease === undefined, "8 is good");
    assert.equal(task.logged("release refused").length, 2);
    assert.doesNotMatch(task.output, /0123456789abcdef/);
  });

  it("returns to an older one when the store does, and its generation still rises", async () => {
    await bench.publish(testRelease(10, { marker: "ten" }));
    await task.startAndServe("ten 10 1");
    await bench.publish(testRelease(11, { marker: "eleven" }));
    await task.serves("eleven 11 2");
    await bench.publish(testRelease(10, { marker: "ten" }));
    await task.serves("ten 10 3");
  });

  it("is left as it is by a release that is damaged or of another format", async () => {
    await bench.publish(testRelease(12));
    await task.startAndServe("release 12 ");
    await bench.publish({ ...testRelease(13), sha256: "0".repeat(64) });
    await until(() => /damaged/.test(task.output), { what: "the damage is logged" });
    await bench.publish({ ...testRelease(14), format: 2 as 1 });
    await until(() => /known format/.test(task.output), { what: "the format is logged" });
    const beat = await task.reports(({ releaseVersion }) => releaseVersion === 12, "12 still in force");
    assert.equal(beat.badRelease, undefined);
    await bench.publish(testRelease(15));
    await task.serves("release 15 ");
  });
});

/** An address where nothing listens. */
const noStore = { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9" };
