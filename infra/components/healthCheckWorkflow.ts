import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { makeServiceRole } from "../serviceRole";

export interface HealthCheckWorkflowArgs {
  /** Amazon States Language, JSON. */
  definition: pulumi.Input<string>;
  /** The functions that its tasks invoke. */
  functionArns: pulumi.Input<string>[];
  logRetentionDays: number;
}

/** The health check as a Step Functions state machine. Express: a run takes seconds and may overlap with the next. */
export class HealthCheckWorkflow extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: HealthCheckWorkflowArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:HealthCheckWorkflow", name, {}, opts);
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      {
        // Names that start so share one entry of the account's resource policy; others fill it up.
        name: `/aws/vendedlogs/states/${name}`,
        retentionInDays: args.logRetentionDays,
      },
      { parent: this },
    );
    const { role, ready } = makeServiceRole(
      `${name}-workflow`,
      "states.amazonaws.com",
      [{ actions: ["lambda:InvokeFunction"], resources: args.functionArns }, ...observe],
      this,
    );
    const machine = new aws.sfn.StateMachine(
      name,
      {
        type: "EXPRESS",
        definition: args.definition,
        roleArn: role.arn,
        loggingConfiguration: {
          level: "ERROR",
          // State holds ids and numbers only, but an error's text is nobody's promise.
          includeExecutionData: false,
          logDestination: pulumi.interpolate`${logGroup.arn}:*`,
        },
        tracingConfiguration: { enabled: true },
      },
      { parent: this, dependsOn: ready },
    );
    this.arn = machine.arn;
    this.logGroupName = logGroup.name;
    this.registerOutputs({ arn: this.arn });
  }
}

/**
 * Log delivery and traces have no resource to name:
 * https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html, …/xray-tracing.html
 */
const observe = [
  {
    actions: [
      "logs:CreateLogDelivery",
      "logs:GetLogDelivery",
      "logs:UpdateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:DescribeResourcePolicies",
      "logs:DescribeLogGroups",
    ],
    resources: ["*"],
  },
  {
    actions: [
      "xray:PutTraceSegments",
      "xray:PutTelemetryRecords",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
    ],
    resources: ["*"],
  },
];
