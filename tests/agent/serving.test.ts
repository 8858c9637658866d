import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { releaseSha256 } from "../../functions/domain/render/renderRelease";
import {
  childrenOf,
  isShuttingDown,
  isWorker,
  nginxProcesses,
} from "../../proxy-image/agent/nginx/processes";
import { until } from "../support/poll";
import { AgentBench, AgentTask } from "./harness";
import { startLoad } from "./load";
import { Outage } from "./outage";
import { testRelease } from "./testRelease";

describe("the agent keeps nginx serving", function () {
  this.timeout(90_000);
  let bench: AgentBench;
  let task: AgentTask;
  let number = 0;
  before(async () => {
    bench = await AgentBench.create();
  });
  after(() => bench.close());
  beforeEach(async () => {
    await bench.publish(testRelease(1));
    task = await bench.task(`serving-${++number}`);
    await task.startAndServe("release 1 ");
  });
  afterEach(async function () {
    await task.stop();
    if (this.currentTest?.state === "failed") console.error(task.events());
  });

  it("through ten releases in a row without a failed call on keep-alive connections", async () => {
    const load = startLoad(task, 8);
    for (let version = 2; version <= 11; version++) {
      await bench.publish(testRelease(version));
      await task.serves(`release ${version} `);
      await task.reports(({ releaseVersion }) => releaseVersion === version, `${version} reported`);
    }
    const { answered, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(answered > 200, `${answered} calls`);
  });

  it("with back-off when its master keeps dying", async () => {
    for (let kill = 1; kill <= 3; kill++) {
      process.kill(await task.masterPid(), "SIGKILL");
      await until(() => task.logged("nginx started").length > kill, { what: "restart" });
      await task.serves("release 1 ");
    }
  });

  it("when a worker was killed", async () => {
    const master = await task.masterPid();
    const worker = (await childrenOf(master)).find(isWorker);
    assert.ok(worker);
    process.kill(worker.pid, "SIGKILL");
    await until(
      async () => (await childrenOf(master)).filter(isWorker).every(({ pid }) => pid !== worker.pid),
      {
        what: "the worker's end",
      },
    );
    await until(async () => (await childrenOf(master)).filter(isWorker).length === 2, {
      what: "a new worker",
    });
    await task.serves("release 1 ");
    assert.equal(await task.masterPid(), master);
  });

  it("on a release whose reload was cut short by the master's death", async () => {
    const master = await task.masterPid();
    await bench.publish(testRelease(2, { marker: "second" }));
    process.kill(master, "SIGKILL");
    await task.serves("second 2 ");
    await task.reports(({ releaseVersion }) => releaseVersion === 2, "2 reported");
  });

  it("on the last good release when nginx accepts a new one but its script does not run", async () => {
    const broken = testRelease(2, { marker: "broken" });
    broken.files["nginx.conf"] = broken.files["nginx.conf"].replace("main.stats", "main.nothing");
    await bench.publish({ ...broken, sha256: releaseSha256(broken.files) });
    await task.reports(({ badRelease }) => badRelease?.version === 2, "2 is bad");
    await task.serves("release 1 ");
  });

  it("and sums counters up over a restart of nginx", async () => {
    for (let call = 0; call < 3; call++) await task.get("/count");
    await task.reports(({ counters }) => counters.requestsByStatus["200"] === 3, "three counted");
    process.kill(await task.masterPid(), "SIGKILL");
    await until(() => task.logged("nginx started").length === 2, { what: "restart" });
    await task.get("/count");
    await task.reports(({ counters }) => counters.requestsByStatus["200"] === 4, "four counted");
  });

  it("while store and registry are away, says so once, and catches up", async () => {
    const { dynamoEndpoint, s3Endpoint } = bench.emulators;
    const away = await Outage.before({
      AWS_ENDPOINT_URL_DYNAMODB: dynamoEndpoint,
      AWS_ENDPOINT_URL_S3: s3Endpoint,
    });
    const cut = await bench.task(`${task.name}-cut`, away.environment);
    try {
      await cut.startAndServe("release 1 ");
      await cut.reports(({ releaseVersion }) => releaseVersion === 1, "1 reported");
      await away.begin();
      const load = startLoad(cut, 2);
      await until(() => cut.logged("release store can't be reached").length > 0, {
        what: "store outage noticed",
      });
      await until(() => cut.logged("registry can't be reached").length > 0, {
        what: "registry outage noticed",
      });
      await bench.publish(testRelease(2));
      await until(() => load.answered > 200, { what: "load" });
      assert.equal((await cut.get("/health")).status, 200);
      await away.end();
      await cut.serves("release 2 ");
      await cut.reports(({ releaseVersion }) => releaseVersion === 2, "2 reported");
      assert.deepEqual((await load.stop()).failures, []);
      assert.equal(cut.logged("release store can't be reached").length, 1);
      assert.equal(cut.logged("registry can't be reached").length, 1);
      assert.equal(cut.logged("release store is reached again").length, 1);
    } finally {
      await cut.stop();
      await away.close();
    }
  });

  it("and takes down the nginx that a killed agent left behind", async () => {
    const master = await task.masterPid();
    task.signal("SIGKILL");
    await until(() => task.exitCode !== undefined, { what: "the agent's end" });
    assert.ok((await nginxProcesses(master)).length > 0, "nginx goes on without its agent");
    const next = new AgentTask(bench, task.name, task.port, task.runDirectory, {});
    try {
      next.start();
      await until(() => next.logged("release in force").length > 0, { what: "the new agent's nginx" });
      await next.serves("release 1 ");
      assert.deepEqual(await nginxProcesses(master), []);
    } finally {
      await next.stop();
    }
  });

  it("and refuses to work in the run directory of another agent that lives", async () => {
    const second = new AgentTask(bench, "second", task.port, task.runDirectory, {}).start();
    assert.equal(await second.ended(), 1);
    assert.match(second.output, /Another agent is at work/);
    await task.serves("release 1 ");
  });

  it("and does not keep the files of old releases", async () => {
    for (let version = 2; version <= 5; version++) {
      await bench.publish(testRelease(version));
      await task.serves(`release ${version} `);
    }
    await task.reports(({ releaseVersion }) => releaseVersion === 5, "5 reported");
    await until(async () => (await readdir(join(task.runDirectory, "releases"))).length === 2, {
      what: "two left",
    });
  });

  it("and old workers end once their clients are gone", async () => {
    const connections = new HttpAgent({ keepAlive: true });
    await task.get("/", connections);
    await bench.publish(testRelease(2));
    await task.serves("release 2 ");
    connections.destroy();
    const master = await task.masterPid();
    await until(async () => !(await childrenOf(master)).some(isShuttingDown), { what: "old workers' end" });
  });
});
