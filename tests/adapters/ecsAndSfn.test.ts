import assert from "node:assert/strict";
import { ECSClient } from "@aws-sdk/client-ecs";
import { SFNClient } from "@aws-sdk/client-sfn";
import { afterEach, beforeEach, describe, it } from "mocha";
import { createEcsServiceDeployer } from "../../functions/adapters/ecsServiceDeployer";
import { createSfnWorkflow } from "../../functions/adapters/sfnWorkflow";
import { AwsEndpoint } from "./awsEndpoint";

describe("ECS and Step Functions adapters", () => {
  let endpoint: AwsEndpoint;
  beforeEach(async () => {
    endpoint = await AwsEndpoint.start();
  });
  afterEach(() => endpoint.close());

  const service = (rolloutState: string) => ({
    services: [
      { desiredCount: 3, runningCount: 2, deployments: [{ rolloutState }, { rolloutState: "COMPLETED" }] },
    ],
  });
  const deployer = () => createEcsServiceDeployer(new ECSClient(endpoint.config), "cluster-a", "service-a");

  it("tells how many tasks there should be and are, and whether a deployment is under way", async () => {
    endpoint.answers.DescribeServices = service("COMPLETED");
    assert.deepEqual(await deployer().describe(), {
      desiredTasks: 3,
      runningTasks: 2,
      deploymentInProgress: false,
    });
    endpoint.answers.DescribeServices = service("IN_PROGRESS");
    assert.equal((await deployer().describe()).deploymentInProgress, true);
    assert.deepEqual(endpoint.calls[0]?.input, { cluster: "cluster-a", services: ["service-a"] });
  });
  it("forces a new deployment of the service", async () => {
    endpoint.answers = { DescribeServices: service("COMPLETED"), UpdateService: { service: {} } };
    await deployer().forceNewDeployment("because");
    assert.deepEqual(endpoint.operations(), ["DescribeServices", "UpdateService"]);
    assert.deepEqual(endpoint.calls[1]?.input, {
      cluster: "cluster-a",
      service: "service-a",
      forceNewDeployment: true,
    });
  });
  it("does nothing while a deployment is under way", async () => {
    endpoint.answers = { DescribeServices: service("IN_PROGRESS"), UpdateService: { service: {} } };
    await deployer().forceNewDeployment("because");
    assert.deepEqual(endpoint.operations(), ["DescribeServices"]);
  });
  it("says so when the service is not there or not to be touched", async () => {
    endpoint.answers = { DescribeServices: { services: [], failures: [{ reason: "MISSING" }] } };
    await assert.rejects(deployer().describe(), /no service service-a in cluster cluster-a/);
    endpoint.answers = { DescribeServices: service("COMPLETED") };
    await assert.rejects(deployer().forceNewDeployment("because"), { name: "AccessDeniedException" });
  });
  it("starts the workflow with its mode", async () => {
    endpoint.answers = { StartExecution: { executionArn: "arn:x", startDate: 0 } };
    const arn = "arn:aws:states:us-east-1:123456789012:stateMachine:x";
    await createSfnWorkflow(new SFNClient(endpoint.config), arn).start("render");
    assert.deepEqual(endpoint.calls[0]?.input, { stateMachineArn: arn, input: '{"mode":"render"}' });
  });
});
