import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { systemClock } from "../../functions/adapters/systemClock";
import type { Log } from "../../functions/ports/log";
import type { Registry } from "../../functions/ports/registry";
import { LocalWorkflow, type TaskHandlers } from "../../local/workflow/localWorkflow";
import { AnvilChain } from "../support/anvil";
import { DeployedStack } from "./support/deployedStack";
import { everythingGiven, planted } from "./support/stacks";

const megabyte = 1024 * 1024;
/** Those that speak to nodes may carry ethers. */
const limits = (name: string) => (name === "probe" ? 25 : 3) * megabyte;

describe("the functions' archives in plain Node", function () {
  this.timeout(180_000);
  let chain: AnvilChain;
  let stack: DeployedStack;
  let registry: Registry;
  let urls: string[];
  const deployments: unknown[] = [];

  before(async () => {
    chain = await AnvilChain.start({ replicas: 3, chainId: 1, genesisNumber: 100 });
    urls = chain.urls.map((url) => `${url}/?key=${planted}`);
    const nodes = urls.map((url) => ({ url }));
    stack = await DeployedStack.deploy(
      { ...everythingGiven, "jsonrpc-gateway:nodes": JSON.stringify(nodes) },
      {
        GetSecretValue: () => ({ SecretString: JSON.stringify(nodes) }),
        StartExecution: () => ({ executionArn: "arn:execution", startDate: 0 }),
        DescribeServices: () => ({ services: [{ desiredCount: 3, runningCount: 2, deployments: [] }] }),
        UpdateService: (input) => {
          deployments.push(input);
          return { service: {} };
        },
      },
    );
    registry = createDynamoRegistry({ ...stack.registryOptions, clock: systemClock });
  });
  after(async () => {
    await stack?.destroy();
    await chain?.stop();
  });

  const healthCheck = async () => {
    const errors: unknown[] = [];
    const log: Log = { info: () => {}, warn: () => {}, error: (fields) => errors.push(fields) };
    const handler = (name: string) => (event: unknown) => stack.invoke(name, event);
    const handlers: TaskHandlers = {
      ListNodes: handler("list-nodes"),
      ProbeBatch: handler("probe"),
      Evaluate: handler("evaluate"),
      Render: handler("render"),
      CheckRollout: handler("redeploy"),
    };
    await new LocalWorkflow(handlers, log).run("healthCheck");
    assert.deepEqual(errors, []);
  };

  it("are small, and hold the callback and its bundle only", () => {
    for (const name of stack.names) {
      const bytes = stack.archiveBytes(name);
      console.log(`      ${name.padEnd(12)} ${(bytes / megabyte).toFixed(2)} MiB`);
      assert.ok(bytes <= limits(name), name);
    }
  });

  it("seed the registry with the nodes of the config, without showing them", async () => {
    const outcome = await stack.invoke<{ added: string[] }>("nodes", { versionId: "version-1" });
    assert.equal(outcome.added.length, 3);
    assert.deepEqual((await registry.listNodes()).map((node) => node.url).sort(), [...urls].sort());
  });

  it("run a whole health check: list, probe, evaluate, render", async () => {
    await healthCheck();
    const states = await registry.listStates();
    assert.deepEqual(
      states.map(({ healthy, reason, height }) => ({ healthy, reason, height })),
      Array.from({ length: 3 }, () => ({ healthy: true, reason: "ok", height: 100 })),
    );
    const release = await registry.currentRelease();
    assert.equal(release?.version, 1);
  });

  it("publish nothing when nothing has changed", async () => {
    await healthCheck();
    assert.equal((await registry.currentRelease())?.version, 1);
  });

  it("redeploy when S3 says that a release has been stored, once", async () => {
    const event = { Records: [{ s3: { object: { key: "current.json" } } }] };
    assert.deepEqual(await stack.invoke("redeploy", event), { redeployed: true, bad: [] });
    assert.deepEqual(await stack.invoke("redeploy", event), { redeployed: false, bad: [] });
    assert.deepEqual(deployments, [
      {
        cluster: "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
        service: "gateway-test-proxy",
        forceNewDeployment: true,
      },
    ]);
  });

  it("take a dead node out with the next releases", async () => {
    const [dead] = chain.nodes;
    await dead!.kill();
    await healthCheck();
    await healthCheck();
    const unhealthy = (await registry.listStates()).filter((state) => !state.healthy);
    assert.deepEqual(
      unhealthy.map((state) => state.reason),
      ["unreachable"],
    );
    assert.equal((await registry.currentRelease())?.version, 2);
  });

  it("write the metrics of each health check as embedded metric lines", async () => {
    const { lambda } = await stack.lambda("redeploy");
    const lines = lambda.log
      .split("\n")
      .filter((line) => line.includes("CloudWatchMetrics"))
      .map((line) => JSON.parse(line));
    const last = (metric: string, network?: string) =>
      lines.filter((line) => metric in line && (!network || line.Network === network)).at(-1);
    assert.equal(last("HealthyNodes", "mainnet").HealthyNodes, 2);
    assert.equal(last("HealthyNodes", "base").HealthyNodes, 0);
    assert.equal(last("MissingTasks").MissingTasks, 1);
    assert.equal(last("NodeLag").Stack, "test");
    assert.equal(last("BadRelease").BadRelease, 0);
  });

  it("answer the admin API, through API Gateway and by hand", async () => {
    const viaGateway = await stack.invoke<{ statusCode: number; body: string }>("admin", {
      version: "2.0",
      rawPath: "/backends",
      rawQueryString: "",
      headers: { host: "abc.execute-api.eu-west-1.amazonaws.com" },
      requestContext: { http: { method: "GET" }, domainName: "abc.execute-api.eu-west-1.amazonaws.com" },
    });
    assert.equal(viaGateway.statusCode, 200);
    const byHand = await stack.invoke<{ statusCode: number; body: string }>("admin", { path: "/backends" });
    assert.equal(byHand.body, viaGateway.body);
    assert.ok(!byHand.body.includes(planted), byHand.body);
    const added = await stack.invoke<{ statusCode: number }>("admin", {
      method: "POST",
      path: "/backends",
      body: { url: "https://another.example/v3/key" },
    });
    assert.equal(added.statusCode, 201);
  });

  it("let in who shows the admin key, and nobody else", async () => {
    const ask = (key?: string) =>
      stack.invoke("admin-key", { headers: key === undefined ? {} : { "x-api-key": key } });
    const key = JSON.stringify(urls.map((url) => ({ url })));
    assert.deepEqual(await ask(key), { isAuthorized: true });
    assert.deepEqual(await ask("guess"), { isAuthorized: false });
    assert.deepEqual(await ask(), { isAuthorized: false });
  });

  it("show no secret in any log", async () => {
    for (const name of stack.names) {
      const { lambda } = await stack.lambda(name);
      assert.ok(!lambda.log.includes(planted), `${name}\n${lambda.log}`);
    }
  });
});
