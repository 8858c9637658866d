import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../architecture";
import { bundlePath } from "../bundle";
import { type Subjects, seedNodesPermissions } from "../functionPermissions";
import type { FunctionOptions } from "../functions/options";
import { GatewayFunction } from "./gatewayFunction";

export interface ProviderNodesArgs {
  region: string;
  /** JSON list of the nodes in the stack's config; a Pulumi secret. */
  nodes: pulumi.Output<string>;
  options: pulumi.Input<FunctionOptions>;
  registryTableName: pulumi.Input<string>;
  subjects: Subjects;
  stateMachineArn: pulumi.Input<string>;
  cpuArchitecture: Architecture;
  logRetentionDays: number;
}

/**
 * Puts the config's nodes into the registry: a secret holds them, a function copies them, and a deployment that changed
 * the secret calls it. State and event hold the version of the secret only.
 */
export class ProviderNodes extends pulumi.ComponentResource {
  readonly seed: GatewayFunction<{ versionId: string }, unknown>;

  constructor(name: string, args: ProviderNodesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:ProviderNodes", name, {}, opts);
    const secret = new aws.secretsmanager.Secret(
      name,
      { description: "Nodes of the stack's config", recoveryWindowInDays: 0 },
      { parent: this },
    );
    const version = new aws.secretsmanager.SecretVersion(
      name,
      { secretId: secret.id, secretString: args.nodes },
      { parent: this, additionalSecretOutputs: ["secretString"] },
    );
    this.seed = makeSeed(name, args, secret.arn, this);
    new aws.lambda.Invocation(
      name,
      {
        functionName: this.seed.functionName,
        input: pulumi.jsonStringify({ versionId: version.versionId }),
      },
      { parent: this, dependsOn: [this.seed] },
    );
    this.registerOutputs();
  }
}

function makeSeed(
  name: string,
  args: ProviderNodesArgs,
  secretArn: pulumi.Output<string>,
  parent: ProviderNodes,
) {
  const path = bundlePath("seedNodes");
  const options = pulumi.output(args.options);
  return new GatewayFunction(
    name,
    {
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/seedNodes") = require(path);
        return createHandler(options.get());
      },
      bundle: "seedNodes",
      timeoutSeconds: 60,
      memoryMiB: 256,
      cpuArchitecture: args.cpuArchitecture,
      permissions: seedNodesPermissions(args.subjects, secretArn, args.stateMachineArn),
      environment: {
        REGISTRY_TABLE: args.registryTableName,
        GATEWAY_REGION: args.region,
        NODES_SECRET_ARN: secretArn,
        STATE_MACHINE_ARN: args.stateMachineArn,
      },
      logRetentionDays: args.logRetentionDays,
    },
    { parent },
  );
}
