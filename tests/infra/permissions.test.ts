import assert from "node:assert/strict";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { DeleteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { after, before, describe, it } from "mocha";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { systemClock } from "../../functions/adapters/systemClock";
import type { Registry } from "../../functions/ports/registry";
import { AgentBench } from "../agent/harness";
import { MockNode, type RpcCall } from "../support/mockNode";
import { until } from "../support/poll";
import { type AwsCall, AwsRecorder } from "./support/awsRecorder";
import { DeployedStack } from "./support/deployedStack";
import { refusedCalls, type Statement, unusedGrants } from "./support/policyCheck";
import { everythingGiven } from "./support/stacks";

/** Granted, but not to be seen in the functions' own calls. */
const unseen: { grant: RegExp; reason: string }[] = [
  {
    grant: /^s3:ListBucket /,
    reason: "without it S3 answers 403 where an object is absent; no call of its own",
  },
  { grant: /^logs:(CreateLogStream|PutLogEvents) /, reason: "Lambda's runtime writes the log" },
  { grant: /^xray:/, reason: "Lambda's runtime sends the traces" },
  { grant: /^ec2:/, reason: "Lambda itself connects the function to the VPC" },
];

const answers: Record<string, string> = { eth_chainId: "0x1", eth_blockNumber: "0x64" };

describe("least privilege", function () {
  this.timeout(180_000);
  let stack: DeployedStack;
  let registry: Registry;
  let nodes: MockNode[];
  /** What the secret holds at the moment. */
  let operatorNodes: object[] = [];

  before(async () => {
    nodes = await Promise.all([0, 1, 2].map(() => MockNode.start(({ json }) => rpcAnswer(json as RpcCall))));
    stack = await DeployedStack.deploy(everythingGiven, {
      GetSecretValue: () => ({ SecretString: JSON.stringify(operatorNodes) }),
      StartExecution: () => ({ executionArn: "arn:execution", startDate: 0 }),
      DescribeServices: () => ({ services: [{ desiredCount: 1, runningCount: 1, deployments: [] }] }),
      UpdateService: () => ({ service: {} }),
    });
    registry = createDynamoRegistry({ ...stack.registryOptions, clock: systemClock });
  });
  after(async () => {
    await stack?.destroy();
    await Promise.all((nodes ?? []).map((node) => node.close()));
  });

  const url = (index: number) => `${nodes[index]!.url}/`;
  const admin = (method: string, path: string, body?: unknown) =>
    stack
      .invoke<{ statusCode: number; body: string }>("admin", { method, path, body })
      .then((answer) => ({ status: answer.statusCode, json: answer.body ? JSON.parse(answer.body) : {} }));
  const forget = async (pk: string, sk: string) => {
    const client = DynamoDBDocumentClient.from(stack.emulators.dynamo);
    await client.send(new DeleteCommand({ TableName: "gateway-test-registry", Key: { pk, sk } }));
  };
  const loseObject = (key: string) =>
    stack.emulators.s3.send(new DeleteObjectCommand({ Bucket: "gateway-test-releases", Key: key }));
  const statements = (role: string) =>
    stack.run.stack.policy(`gateway-test-${role}`) as unknown as Statement[];

  /** Calls were made and allowed, and nothing is allowed that was not called. */
  const proves = async (role: string, calls: AwsCall[]) => {
    assert.ok(calls.length > 0);
    assert.deepEqual(await refusedCalls(statements(role), calls), [], "refused");
    const unused = unusedGrants(statements(role), calls);
    assert.deepEqual(
      unused.filter((grant) => !unseen.some((exception) => exception.grant.test(grant))),
      [],
      "granted in vain",
    );
  };
  const provesFunction = async (name: string) => proves(name, (await stack.lambda(name)).recorder.calls);

  it("nodes of the config: added, led by another one, taken out, refused", async () => {
    const seed = () => stack.invoke("nodes", { versionId: "version-1" });
    operatorNodes = [{ url: url(0), isLeader: true }, { url: url(1) }];
    await seed();
    operatorNodes = [{ url: url(0) }, { url: url(1), isLeader: true }];
    await seed();
    operatorNodes = [{ url: url(1), isLeader: true }];
    await seed();
    // Somebody else leads meanwhile.
    await registry.deleteNode((await registry.listNodes())[0]!.id);
    const usurper = { network: "mainnet", weight: 100, drained: false, source: "admin" as const };
    await registry.addNode({ ...usurper, url: url(2), isLeader: true });
    await assert.rejects(seed(), /LeaderExistsError/);
    await provesFunction("nodes");
  });

  it("admin API: every call", async () => {
    const leader = (await registry.listNodes())[0]!;
    await forget("FACT", "nodeIdSalt");
    const added = await admin("POST", "/backends", { url: "https://one.example/key" });
    assert.equal(added.status, 201);
    assert.equal(
      (await admin("POST", "/backends", { url: "https://two.example/key", is_leader: true })).status,
      409,
    );
    assert.equal((await admin("GET", `/backends/${added.json.id}`)).status, 200);
    assert.equal((await admin("PATCH", `/backends/${added.json.id}`, { is_leader: true })).status, 409);
    assert.equal(
      (await admin("PATCH", `/backends/${leader.id}`, { is_leader: false, weight: 50 })).status,
      200,
    );
    assert.equal((await admin("PATCH", `/backends/${added.json.id}`, { is_leader: true })).status, 200);
    assert.equal((await admin("GET", "/backends")).status, 200);
    for (const path of ["/status", "/history", "/events"]) {
      assert.equal((await admin("GET", path)).status, 200, path);
    }
    const key = await admin("POST", "/keys", { name: "shop" });
    assert.equal(key.status, 201);
    assert.equal((await admin("GET", "/keys")).json.length, 1);
    assert.equal((await admin("DELETE", `/keys/${key.json.id}`)).status, 204);
    assert.equal((await admin("DELETE", "/releases/pin")).status, 204);
    assert.equal((await admin("DELETE", `/backends/${added.json.id}`)).status, 204);
    await provesFunction("admin");
  });

  it("list, probe, evaluate and render: a run with a change, one that repairs", async () => {
    const run = async () => {
      const plan = await stack.invoke<{ startedAt: string; batches: object[] }>("list-nodes", {});
      const batches = await Promise.all(plan.batches.map((batch) => stack.invoke("probe", batch)));
      await stack.invoke("evaluate", { startedAt: plan.startedAt, batches });
      return stack.invoke("render", {});
    };
    const [limited] = await registry.listNodes();
    await registry.updateNode(limited!.id, { monthlyCredits: 1000 });
    assert.deepEqual(await run(), { published: true, version: 1 });
    await loseObject("current.json");
    assert.deepEqual(await run(), { published: false, version: 1 });
    for (const name of ["list-nodes", "probe", "evaluate", "render"]) await provesFunction(name);
  });

  it("redeploy: called by S3, a refused release, a lost object, a stale task", async () => {
    await stack.invoke("redeploy", { Records: [{ s3: { object: { key: "current.json" } } }] });
    const nodesBefore = await registry.listNodes();
    await registry.updateNode(nodesBefore[0]!.id, { weight: 7 });
    assert.deepEqual(await stack.invoke("render", {}), { published: true, version: 2 });
    await registry.putTask(heartbeat({ badRelease: { version: 2, note: "nginx refuses it" } }));
    assert.deepEqual(await stack.invoke("redeploy", {}), { redeployed: false, bad: [2] });
    assert.equal((await registry.currentRelease())?.version, 1);
    await provesFunction("redeploy");
  });

  it("key of the admin API: one secret is read", async () => {
    await stack.invoke("admin-key", { headers: { "x-api-key": "guess" } });
    await provesFunction("admin-key");
  });

  it("agent in the task: reads the release and the keys, writes and removes its own heartbeat", async () => {
    const { emulators } = stack;
    const endpoints = { dynamo: emulators.dynamoEndpoint, s3: emulators.s3Endpoint };
    const [recorder, bench] = await Promise.all([AwsRecorder.start(endpoints, {}), AgentBench.create()]);
    try {
      const task = await bench.task("eu-west-1", {
        ...recorder.environment,
        AWS_ENDPOINT_URL_DYNAMODB: recorder.url,
        REGISTRY_TABLE: "gateway-test-registry",
        RELEASE_BUCKET: "gateway-test-releases",
      });
      task.start();
      const called = (action: string) => recorder.calls.some((call) => call.action === action);
      // The bench's nginx takes no release of ours, but its keys are fetched before it is asked.
      const expected = ["s3:GetObject", "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"];
      await until(() => expected.every(called), { what: "a heartbeat, and a look at the keys" });
      await task.stop();
      await until(() => called("dynamodb:DeleteItem"), { what: "the agent's leave" });
      await proves("proxy-task", recorder.calls);
    } finally {
      await bench.close();
      await recorder.close();
    }
  });

  it("leaves no function unproven", () => {
    assert.deepEqual(stack.names, [
      "admin",
      "admin-key",
      "evaluate",
      "list-nodes",
      "nodes",
      "probe",
      "redeploy",
      "render",
    ]);
  });
});

function rpcAnswer({ id, method }: RpcCall): object {
  return { jsonrpc: "2.0", id, result: answers[method] ?? false };
}

function heartbeat(more: object) {
  const now = new Date().toISOString();
  return {
    taskId: "task",
    releaseVersion: 1,
    startedAt: now,
    reportedAt: now,
    draining: false,
    counters: { requestsByStatus: { "200": 5 }, callsByNode: {} },
    ...more,
  };
}
