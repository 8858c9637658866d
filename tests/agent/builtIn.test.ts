import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { releaseSha256, renderRelease } from "../../functions/domain/render/renderRelease";
import { buildProxy, type ProxyBuild } from "../../proxy-image/build";
import { MockNode } from "../support/mockNode";
import { template } from "../support/nginx";
import { nodeId, poolOf } from "../support/pool";
import { AgentBench } from "./harness";

describe("the proxy as it is shipped", function () {
  this.timeout(120_000);
  let bench: AgentBench;
  let folder: string;
  let built: ProxyBuild;
  before(async () => {
    bench = await AgentBench.create();
    folder = await mkdtemp(join(tmpdir(), "proxy-"));
    built = await buildProxy(folder);
  });
  after(async () => {
    await bench.close();
    await rm(folder, { recursive: true, force: true });
  });

  const call = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "eth_blockNumber", params: [] }),
    });
    return {
      status: answer.status,
      body: (await answer.json()) as { id: unknown; error?: { code: number } },
    };
  };

  it("answers every call with 503 and a JSON-RPC error before there is a release, and is healthy", async () => {
    const task = await bench.task("shipped", { NJS_DIRECTORY: built.njsDirectory });
    task.agentFile = built.agentFile;
    try {
      task.start();
      await task.isHealthy(10_000);
      const { status, body } = await call(task.port);
      assert.equal(status, 503);
      assert.equal(typeof body.error?.code, "number");
      const beat = await task.reports(({ releaseVersion }) => releaseVersion === 0, "version 0 reported");
      assert.equal(beat.badRelease, undefined);
      await task.reports(
        ({ counters }) => Object.keys(counters.requestsByStatus).length > 0,
        "counters reported",
      );
    } finally {
      await task.stop();
    }
  });

  const publish = async (version: number, url: string, weight = 100) => {
    const files = renderRelease(template, poolOf([{ url, weight }]));
    const publishedAt = new Date().toISOString();
    await bench.publish({ format: 1, version, sha256: releaseSha256(files), publishedAt, files });
  };

  it("takes a release with nodes, and shows nothing of their URLs", async () => {
    const task = await bench.task("shipped-release", { NJS_DIRECTORY: built.njsDirectory });
    task.agentFile = built.agentFile;
    try {
      task.start();
      await task.isHealthy(10_000);
      await publish(1, "http://127.0.0.1:9/v3/planted-secret-in-url");
      await task.reports(({ releaseVersion }) => releaseVersion === 1, "version 1 reported");
      assert.equal((await call(task.port)).status, 502);
      await task.reports(
        ({ counters }) => (counters.callsByNode[nodeId(0)]?.failed ?? 0) > 0,
        "failure counted",
      );
      assert.doesNotMatch(task.output, /planted-secret/);
    } finally {
      await task.stop();
    }
  });

  it("loses no call of busy keep-alive clients over more releases than old workers may stay for", async () => {
    const task = await bench.task("shipped-reloads", {
      NJS_DIRECTORY: built.njsDirectory,
      WORKER_PROCESSES: "1",
    });
    task.agentFile = built.agentFile;
    const node = await MockNode.start();
    const load = { answered: 0, failures: [] as string[], stopped: false };
    const client = async () => {
      while (!load.stopped) {
        await call(task.port).then(
          ({ status }) => (status === 200 ? load.answered++ : load.failures.push(`status ${status}`)),
          (error: Error) => load.failures.push(String(error.cause ?? error)),
        );
      }
    };
    try {
      await publish(1, `http://127.0.0.1:${node.port}`);
      task.start();
      await task.isHealthy(10_000);
      const clients = Promise.all([client(), client(), client(), client()]);
      for (let version = 2; version <= 20; version++) {
        await publish(version, `http://127.0.0.1:${node.port}`, version);
        await task.reports(({ releaseVersion }) => releaseVersion === version, `version ${version} reported`);
      }
      load.stopped = true;
      await clients;
      assert.deepEqual(load.failures, []);
      assert.ok(load.answered > 100, `${load.answered} calls`);
      assert.deepEqual(task.logged("too many generations of workers: ending the oldest"), []);
    } finally {
      load.stopped = true;
      await task.stop();
      await node.close();
    }
  });
});
