import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../architecture";
import { bundleFunction, packageNames } from "../bundle";
import type { Permission } from "../permissions";
import { makeServiceRole } from "../serviceRole";

export interface GatewayFunctionArgs<Event, Result> {
  /** Runs once in a new execution environment: builds what the handler needs and returns it. */
  callbackFactory: () => aws.lambda.Callback<Event, Result>;
  /** What the factory may `require`: `bundlePath` of an entry point in `infra/functions/`. */
  bundle: string;
  timeoutSeconds: number;
  memoryMiB: number;
  cpuArchitecture: Architecture;
  permissions: Permission[];
  environment: Record<string, pulumi.Input<string>>;
  logRetentionDays: number;
  /** Runs in the VPC, for nodes that only its members reach. */
  vpc?: FunctionVpc;
}

export interface FunctionVpc {
  subnetIds: pulumi.Input<string[]>;
  securityGroupIds: pulumi.Input<pulumi.Input<string>[]>;
}

/** Newest Node that Lambda runs. */
const runtime = aws.lambda.Runtime.NodeJS24dX;

/** A Lambda with a role, a log group and an archive of its own, made from an inline callback. */
export class GatewayFunction<Event, Result> extends pulumi.ComponentResource {
  readonly lambda: aws.lambda.CallbackFunction<Event, Result>;
  readonly arn: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;

  constructor(
    name: string,
    args: GatewayFunctionArgs<Event, Result>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gateway:infra:GatewayFunction", name, {}, opts);
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { retentionInDays: args.logRetentionDays },
      { parent: this },
    );
    const { role, ready } = makeServiceRole(
      name,
      "lambda.amazonaws.com",
      [...args.permissions, ...ownPermissions(args, logGroup)],
      this,
    );
    this.lambda = new aws.lambda.CallbackFunction(
      name,
      {
        callbackFactory: args.callbackFactory,
        codePathOptions: {
          extraIncludePaths: [bundleFunction(args.bundle)],
          extraExcludePackages: packageNames(),
        },
        role,
        runtime,
        architectures: [args.cpuArchitecture],
        timeout: args.timeoutSeconds,
        memorySize: args.memoryMiB,
        loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
        tracingConfig: { mode: "Active" },
        environment: { variables: args.environment },
        ...(args.vpc && { vpcConfig: args.vpc }),
      },
      { parent: this, dependsOn: ready },
    );
    this.arn = this.lambda.arn;
    this.functionName = this.lambda.name;
    this.registerOutputs({ arn: this.arn, functionName: this.functionName });
  }
}

/** What Lambda does in the function's name: write its log, its traces, and join the VPC. */
function ownPermissions<Event, Result>(
  args: GatewayFunctionArgs<Event, Result>,
  logGroup: aws.cloudwatch.LogGroup,
): Permission[] {
  const own: Permission[] = [
    {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [pulumi.interpolate`${logGroup.arn}:log-stream:*`],
    },
    // Has no resource to name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    { actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources: ["*"] },
  ];
  if (args.vpc) {
    own.push({
      // Have no resource that is known before: the interfaces are made by Lambda itself.
      actions: [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ],
      resources: ["*"],
    });
  }
  return own;
}
