import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../architecture";
import { bundlePath } from "../bundle";
import { adminPermissions, authorizerPermissions, type Subjects } from "../functionPermissions";
import type { FunctionOptions } from "../functions/options";
import { GatewayFunction } from "./gatewayFunction";

export interface AdminFunctionsArgs {
  region: string;
  options: pulumi.Input<FunctionOptions>;
  registryTableName: pulumi.Input<string>;
  subjects: Subjects;
  stateMachineArn: pulumi.Input<string>;
  clusterArn: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  serviceArn: pulumi.Input<string>;
  /** Callers show this key; a Pulumi secret. Not given: they sign with AWS credentials. */
  apiKey?: pulumi.Output<string>;
  cpuArchitecture: Architecture;
  logRetentionDays: number;
}

/** The admin API's handler, and the check of its key if it has one. */
export class AdminFunctions extends pulumi.ComponentResource {
  readonly admin: GatewayFunction<never, unknown>;
  readonly authorizer?: GatewayFunction<never, unknown>;

  constructor(name: string, args: AdminFunctionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:AdminFunctions", name, {}, opts);
    this.admin = makeAdmin(name, args, this);
    if (args.apiKey) this.authorizer = makeAuthorizer(`${name}-key`, args, args.apiKey, this);
    this.registerOutputs();
  }
}

function makeAdmin(name: string, args: AdminFunctionsArgs, parent: AdminFunctions) {
  const path = bundlePath("admin");
  const options = pulumi.output(args.options);
  return new GatewayFunction(
    name,
    {
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/admin") = require(path);
        return createHandler(options.get());
      },
      bundle: "admin",
      timeoutSeconds: 29,
      memoryMiB: 512,
      cpuArchitecture: args.cpuArchitecture,
      permissions: adminPermissions(args.subjects, args.stateMachineArn, args.serviceArn),
      environment: {
        REGISTRY_TABLE: args.registryTableName,
        GATEWAY_REGION: args.region,
        STATE_MACHINE_ARN: args.stateMachineArn,
        ECS_CLUSTER: args.clusterArn,
        ECS_SERVICE: args.serviceName,
      },
      logRetentionDays: args.logRetentionDays,
    },
    { parent },
  );
}

function makeAuthorizer(
  name: string,
  args: AdminFunctionsArgs,
  apiKey: pulumi.Output<string>,
  parent: AdminFunctions,
) {
  const secret = new aws.secretsmanager.Secret(
    name,
    { description: "Key of the admin API", recoveryWindowInDays: 0 },
    { parent },
  );
  new aws.secretsmanager.SecretVersion(
    name,
    { secretId: secret.id, secretString: apiKey },
    { parent, additionalSecretOutputs: ["secretString"] },
  );
  const path = bundlePath("authorizer");
  return new GatewayFunction(
    name,
    {
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/authorizer") = require(path);
        return createHandler();
      },
      bundle: "authorizer",
      timeoutSeconds: 10,
      memoryMiB: 256,
      cpuArchitecture: args.cpuArchitecture,
      permissions: authorizerPermissions(secret.arn),
      environment: { API_KEY_SECRET_ARN: secret.arn },
      logRetentionDays: args.logRetentionDays,
    },
    { parent },
  );
}
