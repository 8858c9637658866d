import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { releaseSha256, renderRelease } from "../../functions/domain/render/renderRelease";
import type { Registry } from "../../functions/ports/registry";
import { buildProxy, type ProxyBuild } from "../../proxy-image/build";
import { MockNode } from "../support/mockNode";
import { template } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";
import { AgentBench, type AgentTask } from "./harness";
import { Outage } from "./outage";

describe("keys of callers in a task", function () {
  this.timeout(60_000);
  let bench: AgentBench;
  let folder: string;
  let built: ProxyBuild;
  let node: MockNode;
  let outage: Outage;
  let registry: Registry;
  let version = 0;
  before(async () => {
    bench = await AgentBench.create();
    folder = await mkdtemp(join(tmpdir(), "proxy-"));
    [built, node, outage] = await Promise.all([
      buildProxy(folder),
      MockNode.start(),
      Outage.before({ AWS_ENDPOINT_URL_DYNAMODB: bench.emulators.dynamoEndpoint }),
    ]);
    registry = bench.emulators.registry();
  });
  after(async () => {
    await outage?.close();
    await Promise.all([bench?.close(), node?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  const newTask = async (name: string) => {
    const task = await bench.task(name, { NJS_DIRECTORY: built.njsDirectory, ...outage.environment });
    task.agentFile = built.agentFile;
    return task;
  };
  const publish = async (requireKeys: boolean) => {
    const files = renderRelease(template, poolOf([{ url: node.url }], { requireKeys }));
    const publishedAt = new Date().toISOString();
    await bench.publish({ format: 1, version: ++version, sha256: releaseSha256(files), publishedAt, files });
  };
  const statusOf = async (task: AgentTask, key = "") => {
    const answer = await fetch(`http://127.0.0.1:${task.port}/${key}`, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "eth_call", params: [] }),
    });
    await answer.text();
    return answer.status;
  };
  const becomes = (task: AgentTask, status: number, key?: string) =>
    until(async () => (await statusOf(task, key)) === status, {
      what: `status ${status}`,
      deadlineMs: 5_000,
    });

  it("are asked for from the moment on that a release says so, without a word of 401 to those who have one", async () => {
    const { text } = await registry.addKey({ name: "early" });
    const task = await newTask("keys-on");
    try {
      await publish(false);
      task.start();
      await task.isHealthy(10_000);
      assert.equal(await statusOf(task), 200);
      assert.deepEqual(await readFile(join(task.runDirectory, "keys.json")).catch(() => "none"), "none");
      await publish(true);
      const seen = new Set<number>();
      await until(
        async () => {
          seen.add(await statusOf(task, text));
          return (await statusOf(task)) === 401;
        },
        { what: "401 without a key", everyMs: 1 },
      );
      await becomes(task, 200, text);
      // Before, the path with a key is that of no network.
      assert.deepEqual(
        [...seen].filter((status) => status !== 404 && status !== 200),
        [],
      );
      await publish(false);
      await becomes(task, 200);
    } finally {
      await task.stop();
    }
  });

  it("come and go within five seconds, and survive the registry's outage and a restart in it", async () => {
    await publish(true);
    const task = await newTask("keys-outage");
    try {
      task.start();
      await task.isHealthy(10_000);
      const { key, text } = await registry.addKey({ name: "shop" });
      await becomes(task, 200, text);
      await outage.begin();
      assert.equal(await statusOf(task, text), 200);
      task.signal("SIGKILL");
      await task.ended();
      task.start();
      // What the killed agent left behind has to go first.
      await until(() => task.logged("release in force").length > 1, {
        what: "the second start",
        deadlineMs: 20_000,
      });
      await task.isHealthy(10_000);
      assert.equal(await statusOf(task, text), 200);
      assert.equal(await statusOf(task, `gw_${"x".repeat(43)}`), 401);
      await outage.end();
      await registry.deleteKey(key.id);
      await becomes(task, 401, text);
      const onDisk = await readFile(join(task.runDirectory, "keys.json"), "utf8");
      assert.ok(!task.output.includes(text) && !onDisk.includes(text.slice(3)));
    } finally {
      await outage.end();
      await task.stop();
    }
  });

  it("are there before a fresh task counts as healthy: until then 503, never 401", async () => {
    const { text } = await registry.addKey({ name: "fresh" });
    await publish(true);
    const task = await newTask("keys-fresh");
    try {
      await outage.begin();
      task.start();
      await until(async () => (await statusOf(task, text).catch(() => 0)) === 503, { what: "503" });
      assert.equal((await task.get("/health")).status, 503);
      await outage.end();
      const seen = new Set<number>();
      await until(async () => seen.add(await statusOf(task, text)).has(200), { what: "the key is known" });
      assert.ok(!seen.has(401));
      await task.isHealthy(10_000);
    } finally {
      await outage.end();
      await task.stop();
    }
  });
});
