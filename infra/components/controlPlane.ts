import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { WorkflowHandler } from "../../functions/workflow/definition";
import type { Architecture } from "../architecture";
import { bundlePath } from "../bundle";
import {
  evaluatePermissions,
  listNodesPermissions,
  probePermissions,
  redeployPermissions,
  renderPermissions,
  type Subjects,
} from "../functionPermissions";
import type { FunctionOptions } from "../functions/options";
import { type FunctionVpc, GatewayFunction } from "./gatewayFunction";
import type { PrivateBucket } from "./privateBucket";

export interface ControlPlaneArgs {
  region: string;
  options: pulumi.Input<FunctionOptions>;
  registryTableName: pulumi.Input<string>;
  releaseBucket: PrivateBucket;
  subjects: Subjects;
  clusterArn: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  serviceArn: pulumi.Input<string>;
  cpuArchitecture: Architecture;
  logRetentionDays: number;
  /** Probes run here, for private nodes. */
  probeVpc?: FunctionVpc;
}

// Any event, any result: what each takes and gives is its handler's business.
type AnyFunction = GatewayFunction<never, unknown>;

/** The functions of the health check. The last of them is also called by S3 when a release has been stored. */
export class ControlPlane extends pulumi.ComponentResource {
  readonly functions: Record<WorkflowHandler, AnyFunction>;

  constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:ControlPlane", name, {}, opts);
    const options = pulumi.output(args.options);
    const template = readFileSync(join(__dirname, "../../proxy-image/nginx.conf.ejs"), "utf8");
    this.functions = {
      listNodes: makeListNodes(`${name}-list-nodes`, args, options, this),
      probe: makeProbe(`${name}-probe`, args, options, this),
      evaluate: makeEvaluate(`${name}-evaluate`, args, options, template, this),
      render: makeRender(`${name}-render`, args, options, template, this),
      redeploy: makeRedeploy(`${name}-redeploy`, args, options, this),
    };
    const { releaseBucket } = args;
    releaseBucket.bucket.onObjectCreated(
      `${name}-release`,
      this.functions.redeploy.lambda,
      { filterPrefix: "current.json" },
      { parent: releaseBucket },
    );
    this.registerOutputs();
  }
}

type Options = pulumi.Output<FunctionOptions>;

function makeListNodes(name: string, args: ControlPlaneArgs, options: Options, parent: ControlPlane) {
  const path = bundlePath("listNodes");
  return new GatewayFunction(
    name,
    {
      ...common(args),
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/listNodes") = require(path);
        return createHandler(options.get());
      },
      bundle: "listNodes",
      timeoutSeconds: 30,
      memoryMiB: 256,
      permissions: listNodesPermissions(args.subjects),
    },
    { parent },
  );
}

function makeProbe(name: string, args: ControlPlaneArgs, options: Options, parent: ControlPlane) {
  const path = bundlePath("probe");
  return new GatewayFunction(
    name,
    {
      ...common(args),
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/probe") = require(path);
        return createHandler(options.get());
      },
      bundle: "probe",
      timeoutSeconds: 80,
      memoryMiB: 512,
      permissions: probePermissions(args.subjects),
      vpc: args.probeVpc,
    },
    { parent },
  );
}

function makeEvaluate(
  name: string,
  args: ControlPlaneArgs,
  options: Options,
  template: string,
  parent: ControlPlane,
) {
  const path = bundlePath("evaluate");
  return new GatewayFunction(
    name,
    {
      ...common(args),
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/evaluate") = require(path);
        return createHandler({ ...options.get(), template });
      },
      bundle: "evaluate",
      timeoutSeconds: 50,
      memoryMiB: 512,
      permissions: evaluatePermissions(args.subjects),
    },
    { parent },
  );
}

function makeRender(
  name: string,
  args: ControlPlaneArgs,
  options: Options,
  template: string,
  parent: ControlPlane,
) {
  const path = bundlePath("render");
  return new GatewayFunction(
    name,
    {
      ...common(args),
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/render") = require(path);
        return createHandler({ ...options.get(), template });
      },
      bundle: "render",
      timeoutSeconds: 50,
      memoryMiB: 512,
      permissions: renderPermissions(args.subjects),
    },
    { parent },
  );
}

function makeRedeploy(name: string, args: ControlPlaneArgs, options: Options, parent: ControlPlane) {
  const path = bundlePath("redeploy");
  const { environment, ...shared } = common(args);
  return new GatewayFunction(
    name,
    {
      ...shared,
      callbackFactory: () => {
        const { createHandler }: typeof import("../functions/redeploy") = require(path);
        return createHandler(options.get());
      },
      bundle: "redeploy",
      timeoutSeconds: 25,
      memoryMiB: 512,
      permissions: redeployPermissions(args.subjects, args.serviceArn),
      environment: { ...environment, ECS_CLUSTER: args.clusterArn, ECS_SERVICE: args.serviceName },
    },
    { parent },
  );
}

function common(args: ControlPlaneArgs) {
  return {
    cpuArchitecture: args.cpuArchitecture,
    logRetentionDays: args.logRetentionDays,
    environment: {
      REGISTRY_TABLE: args.registryTableName,
      RELEASE_BUCKET: args.releaseBucket.bucketName,
      GATEWAY_REGION: args.region,
    },
  };
}
