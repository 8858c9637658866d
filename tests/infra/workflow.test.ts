import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type WorkflowHandler, workflowTasks } from "../../functions/workflow/definition";
import { HealthCheckWorkflow } from "../../infra/components/healthCheckWorkflow";
import { Schedule } from "../../infra/components/schedule";
import { readConfig } from "../../infra/config/readConfig";
import { declareGateway } from "../../infra/program";
import { startOffsetsSeconds } from "../../infra/startOffsets";
import { localDefinition } from "../../local/workflow/localWorkflow";
import { recordStack } from "./support/recordStack";

const validate = require("asl-validator") as (definition: object) => {
  isValid: boolean;
  errorsText(): string;
};

const declared = async (intervalSeconds: number) => {
  const stack = await recordStack(() =>
    declareGateway(
      readConfig(
        {
          "aws:region": "eu-west-1",
          "jsonrpc-gateway:healthCheckIntervalSeconds": String(intervalSeconds),
        },
        "jsonrpc-gateway",
        "test",
      ),
    ),
  );
  return { stack, definition: stack.one("aws:sfn/stateMachine:StateMachine").definition as string };
};

/** Names of the functions on AWS. */
const functionNames: Record<WorkflowHandler, string> = {
  listNodes: "list-nodes",
  probe: "probe",
  evaluate: "evaluate",
  render: "render",
  redeploy: "redeploy",
};

/** The deployed definition with what differs by nature put in: the local ARNs and interval. */
const asLocal = (definition: string, offsets: readonly number[]) => {
  let text = definition.replace(`"Result":${JSON.stringify(offsets)}`, '"Result":[0]');
  for (const handler of Object.values(workflowTasks)) {
    text = text.replaceAll(
      `"arn:aws:lambda:eu-west-1:123456789012:function:gateway-test-${functionNames[handler]}"`,
      `"arn:aws:lambda:us-east-1:000000000000:function:${handler}"`,
    );
  }
  return text;
};

describe("health check workflow on AWS", function () {
  this.timeout(60_000);

  for (const [intervalSeconds, offsets] of [
    [60, [0]],
    [300, [0]],
    [20, [0, 20, 40]],
  ] as const) {
    it(`is, byte for byte, what the local run executes (every ${intervalSeconds} s)`, async () => {
      const { definition } = await declared(intervalSeconds);
      // Once for runs on the clock, and "now" for renderings.
      assert.ok(definition.includes(`"Result":${JSON.stringify(offsets)},`), definition);
      assert.equal(asLocal(definition, offsets), JSON.stringify(localDefinition));
    });
  }

  it("passes the validator", async () => {
    const { definition } = await declared(60);
    const result = validate(JSON.parse(definition));
    assert.ok(result.isValid, result.errorsText());
  });

  it("is express, logged without data, traced, and may invoke its functions only", async () => {
    const stack = await recordStack(
      () =>
        new HealthCheckWorkflow("w", {
          definition: "{}",
          functionArns: ["arn:a", "arn:b"],
          logRetentionDays: 7,
        }),
    );
    assert.deepEqual(stack.one("aws:sfn/stateMachine:StateMachine"), {
      type: "EXPRESS",
      definition: "{}",
      roleArn: "arn:aws:iam::123456789012:role/w-workflow",
      loggingConfiguration: {
        level: "ERROR",
        includeExecutionData: false,
        logDestination: "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/w:*",
      },
      tracingConfiguration: { enabled: true },
    });
    assert.deepEqual(stack.one("aws:cloudwatch/logGroup:LogGroup"), {
      name: "/aws/vendedlogs/states/w",
      retentionInDays: 7,
    });
    assert.deepEqual(stack.policy("w-workflow")[0], {
      Effect: "Allow",
      Action: ["lambda:InvokeFunction"],
      Resource: ["arn:a", "arn:b"],
    });
  });
});

describe("schedule", () => {
  const record = (intervalSeconds: number) =>
    recordStack(
      () =>
        new Schedule("s", {
          stateMachineArn: "arn:machine",
          intervalSeconds,
          input: { mode: "healthCheck" },
        }),
    );

  it("starts the workflow every minute, and may do nothing else", async () => {
    const stack = await record(60);
    assert.deepEqual(stack.one("aws:scheduler/schedule:Schedule"), {
      scheduleExpression: "rate(1 minute)",
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: "arn:machine",
        roleArn: "arn:aws:iam::123456789012:role/s-schedule",
        input: '{"mode":"healthCheck"}',
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    });
    assert.deepEqual(stack.policy("s-schedule"), [
      { Effect: "Allow", Action: ["states:StartExecution"], Resource: ["arn:machine"] },
    ]);
  });

  it("starts it less often, and once a minute where the workflow repeats by itself", async () => {
    const expression = async (seconds: number) =>
      (await record(seconds)).one("aws:scheduler/schedule:Schedule").scheduleExpression;
    assert.equal(await expression(300), "rate(5 minutes)");
    assert.equal(await expression(20), "rate(1 minute)");
    assert.deepEqual(startOffsetsSeconds(20), [0, 20, 40]);
    assert.deepEqual(startOffsetsSeconds(60), [0]);
  });
});
