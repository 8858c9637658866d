import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { Agent as HttpAgent } from "node:http";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { nginxProcesses } from "../../../proxy-image/agent/nginx/processes";
import { until } from "../../support/poll";
import { AgentBench, type AgentTask } from "../harness";
import { testRelease } from "../testRelease";

describe("the agent, told to stop,", function () {
  this.timeout(60_000);
  let bench: AgentBench;
  let task: AgentTask;
  let number = 0;
  before(async () => {
    bench = await AgentBench.create();
    await bench.publish(testRelease(1));
  });
  after(() => bench.close());
  const newTask = async (environment: Record<string, string> = {}) => {
    task = await bench.task(`stopping-${++number}`, environment);
    return task;
  };
  beforeEach(() => newTask());
  afterEach(async function () {
    await task.stop();
    if (this.currentTest?.state === "failed") console.error(task.events());
  });

  for (const name of ["SIGTERM", "SIGINT"] as const) {
    it(`by ${name} ends with 0 within 2 s when idle, idle keep-alive connections or not, and leaves nothing`, async () => {
      await task.startAndServe("release 1 ");
      const connections = new HttpAgent({ keepAlive: true });
      await task.get("/", connections);
      await task.reports(({ releaseVersion }) => releaseVersion === 1, "1 reported");
      const master = await task.masterPid();
      const started = Date.now();
      task.signal(name);
      task.signal(name);
      assert.equal(await task.ended(), 0);
      assert.ok(Date.now() - started < 2_000, `took ${Date.now() - started} ms`);
      assert.deepEqual(await nginxProcesses(master), []);
      assert.equal(await task.heartbeat(), undefined, "the task has left the registry");
      connections.destroy();
    });
  }

  it("answers the call that is in flight, is not healthy meanwhile, and says that it drains", async () => {
    await task.startAndServe("release 1 ");
    await task.isHealthy();
    const slow = task.get("/slow?ms=1500");
    const master = await task.masterPid();
    await until(async () => (await task.get("/health")).status === 200, {
      what: "the slow call's head start",
    });
    task.signal("SIGTERM");
    await until(async () => (await task.get("/health")).status === 503, {
      what: "/health 503",
      deadlineMs: 1_000,
    });
    await task.reports(({ draining }) => draining, "draining reported");
    assert.deepEqual(await slow, { status: 200, body: "slow answer" });
    assert.equal(await task.ended(), 0);
    assert.deepEqual(await nginxProcesses(master), []);
  });

  it("waits no longer than the drain time", async () => {
    await (await newTask({ DRAIN_SECONDS: "1" })).startAndServe("release 1 ");
    const slow = task.get("/slow?ms=15000").catch((error: NodeJS.ErrnoException) => error.code);
    await task.get("/");
    const started = Date.now();
    task.signal("SIGTERM");
    assert.equal(await task.ended(), 0);
    assert.ok(Date.now() - started < 4_000, `took ${Date.now() - started} ms`);
    assert.equal(await slow, "ECONNRESET");
    assert.equal(task.logged("drain time is over with requests in flight").length, 1);
  });

  it("serves on for as long as a load balancer needs to notice", async () => {
    await (await newTask({ SERVE_ON_SECONDS: "1" })).startAndServe("release 1 ");
    const started = Date.now();
    task.signal("SIGTERM");
    await until(async () => (await task.get("/health")).status === 503, {
      what: "/health 503",
      deadlineMs: 500,
    });
    const served = () =>
      task.get("/").then(
        ({ status }) => status === 200,
        () => false,
      );
    while (await served());
    assert.ok(Date.now() - started >= 900, `not served after ${Date.now() - started} ms`);
    assert.equal(await task.ended(), 0);
  });

  it("ends while it is still starting", async () => {
    for (const waitMs of [150, 200, 250, 300, 350]) {
      const early = await bench.task(`early-${waitMs}`);
      early.start();
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      early.signal("SIGTERM");
      await early.ended();
      await assert.rejects(early.get("/"), "nothing listens");
    }
  });

  it("ends although store and registry do not answer", async () => {
    const nowhere = {
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9",
    };
    await (await newTask(nowhere)).startAndServe("built-in");
    const started = Date.now();
    task.signal("SIGTERM");
    assert.equal(await task.ended(), 0);
    assert.ok(Date.now() - started < 2_000, `took ${Date.now() - started} ms`);
  });

  it("ends when its parent was killed, if it is to", async () => {
    await newTask({ STOP_WITH_PARENT: "true" });
    const parent: ChildProcess = spawn("sh", ["-c", '"$0" "$1" & wait', process.execPath, bench.agentFile], {
      env: task.fullEnvironment,
      stdio: "ignore",
    });
    await task.serves("release 1 ");
    const master = await task.masterPid();
    parent.kill("SIGKILL");
    await until(async () => (await nginxProcesses(master)).length === 0, { what: "nginx's end" });
  });
});
