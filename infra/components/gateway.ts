import * as pulumi from "@pulumi/pulumi";
import { environmentName, taskSettingNames } from "../../functions/domain/settings";
import { workflowDefinition } from "../../functions/workflow/definition";
import { type AddressPlan, planAddress } from "../addressPlan";
import type { Config } from "../config/readConfig";
import { type Subjects, taskPermissions } from "../functionPermissions";
import type { FunctionOptions } from "../functions/options";
import { startOffsetsSeconds } from "../startOffsets";
import { withTrustedProxies } from "../trustedProxies";
import { AdminApi } from "./adminApi";
import { AdminFunctions } from "./adminFunctions";
import { Autoscaling } from "./autoscaling";
import { Certificate } from "./certificate";
import { Cluster } from "./cluster";
import { ControlPlane } from "./controlPlane";
import { Edge } from "./edge";
import { Entrance } from "./entrance";
import { HealthCheckWorkflow } from "./healthCheckWorkflow";
import { Monitoring } from "./monitoring";
import { Network } from "./network";
import { PrivateBucket } from "./privateBucket";
import { ProviderNodes } from "./providerNodes";
import { ProxyImage } from "./proxyImage";
import { ProxyService, proxyPort } from "./proxyService";
import { RegistryTable } from "./registryTable";
import { Schedule } from "./schedule";

/** The whole system of one stack. */
export class Gateway extends pulumi.ComponentResource {
  /** Where clients point their RPC URL. */
  readonly url: pulumi.Output<string>;
  readonly adminUrl: pulumi.Output<string>;
  readonly adminFunctionName: pulumi.Output<string>;
  readonly registryTableName: pulumi.Output<string>;
  readonly releaseBucketName: pulumi.Output<string>;
  readonly stateMachineArn: pulumi.Output<string>;
  readonly serviceArn: pulumi.Output<string>;
  readonly alarmTopicArn: pulumi.Output<string>;
  readonly dashboardName: pulumi.Output<string>;

  constructor(name: string, config: Config, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Gateway", name, {}, opts);
    const parts: Base = { name, config, parent: this };
    const network = makeNetwork(parts);
    const stores = makeStores(parts);
    const front = makeFront(parts, network);
    const proxy = makeProxy(parts, network, stores, front.entrance);
    const control = makeControl(parts, network, stores, proxy);
    const admin = makeAdmin(parts, stores, proxy, control);
    const monitoring = makeMonitoring(parts, front.entrance, proxy, control, admin);

    this.url = front.edge.url;
    this.adminUrl = admin.api.url;
    this.adminFunctionName = admin.functions.admin.functionName;
    this.registryTableName = stores.registry.tableName;
    this.releaseBucketName = stores.releases.bucketName;
    this.stateMachineArn = control.workflow.arn;
    this.serviceArn = proxy.service.id;
    this.alarmTopicArn = monitoring.topicArn;
    this.dashboardName = monitoring.dashboardName;
    this.registerOutputs({ url: this.url, adminUrl: this.adminUrl });
  }
}

interface Base {
  name: string;
  config: Config;
  parent: Gateway;
}

function makeNetwork({ name, config, parent }: Base): Network {
  return new Network(
    name,
    {
      region: config.region,
      vpcId: config.vpcId,
      privateSubnetIds: config.privateSubnetIds,
      publicSubnetIds: config.publicSubnetIds,
      natGateways: config.natGateways,
    },
    { parent },
  );
}

/** Old versions of a release are for looking back; registry and `releases/` hold what a rollback needs. */
const oldReleaseDays = 30;

function makeStores({ name, config, parent }: Base) {
  const registry = new RegistryTable(
    `${name}-registry`,
    {
      existingTableName: config.registryTableName,
      replicaRegions: config.replicaRegions,
      deletionProtection: config.production,
    },
    { parent },
  );
  const releases = new PrivateBucket(
    `${name}-releases`,
    { versioned: true, oldVersionDays: oldReleaseDays, emptyOnDestroy: !config.production },
    { parent },
  );
  const subjects: Subjects = {
    registry: { arn: registry.arn, region: config.region },
    releaseBucketArn: releases.arn,
  };
  const options = withTrustedProxies(config.settings, config.vpcId, config.edge, parent).apply(
    (settings): FunctionOptions => ({ stack: config.stack, settings, networks: config.networks }),
  );
  return { registry, releases, subjects, options };
}
type Stores = ReturnType<typeof makeStores>;

function makeFront({ name, config, parent }: Base, network: Network) {
  const plan = planAddress(config);
  const entrance = new Entrance(
    name,
    {
      vpcId: network.vpcId,
      publicSubnetIds: network.publicSubnetIds,
      targetPort: proxyPort,
      drainSeconds: config.settings.drainSeconds,
      listener: config.listenerArn
        ? {
            listenerArn: config.listenerArn,
            hostName: config.hostName!,
            rulePriority: config.listenerRulePriority!,
            securityGroupId: config.loadBalancerSecurityGroupId!,
          }
        : undefined,
      certificateArn: config.certificateArn ?? makeCertificate({ name, config, parent }, plan),
      openTo: config.edge === "cloudfront" ? "cloudfront" : "internet",
      accessLogs: config.accessLogs,
      production: config.production,
    },
    { parent },
  );
  const edge = new Edge(
    `${name}-edge`,
    {
      region: config.region,
      plan,
      entrance,
      domainName: config.domainName,
      hostedZoneId: config.hostedZoneId,
      edge: config.edge,
      waf: config.waf,
      wafRequestsPer5Minutes: config.wafRequestsPer5Minutes,
    },
    { parent },
  );
  return { entrance, edge };
}

function makeCertificate({ name, config, parent }: Base, plan: AddressPlan) {
  if (!plan.makesCertificate) return undefined;
  return new Certificate(
    `${name}-certificate`,
    {
      domainName: plan.regionalName!,
      alternativeNames: [],
      hostedZoneId: config.hostedZoneId!,
      region: config.region,
    },
    { parent },
  ).arn;
}

function makeProxy({ name, config, parent }: Base, network: Network, stores: Stores, entrance: Entrance) {
  const image = new ProxyImage(
    name,
    {
      cpuArchitecture: config.cpuArchitecture,
      nginxImage: config.nginxImage,
      nodeImage: config.nodeImage,
      deleteImagesOnDestroy: !config.production,
    },
    { parent },
  );
  const cluster = new Cluster(name, { clusterArn: config.clusterArn }, { parent });
  const { service } = new ProxyService(
    `${name}-proxy`,
    {
      region: config.region,
      clusterArn: cluster.arn,
      vpcId: network.vpcId,
      subnetIds: network.privateSubnetIds,
      nodeSecurityGroupIds: config.nodeSecurityGroupIds,
      metricsSecurityGroupIds: config.metricsSecurityGroupIds,
      entrance,
      imageUri: image.imageUri,
      repositoryArn: image.repositoryArn,
      cpuArchitecture: config.cpuArchitecture,
      taskCpu: config.taskCpu,
      taskMemoryMiB: config.taskMemoryMiB,
      minTasks: config.minTasks,
      environment: {
        REGISTRY_TABLE: stores.registry.tableName,
        RELEASE_BUCKET: stores.releases.bucketName,
        GATEWAY_REGION: config.region,
        ...Object.fromEntries(
          taskSettingNames.map((setting) => [environmentName(setting), String(config.settings[setting])]),
        ),
      },
      permissions: taskPermissions(stores.subjects, config.settings),
      drainSeconds: config.settings.drainSeconds,
      logRetentionDays: config.logRetentionDays,
      loki: config.lokiUrl ? { url: config.lokiUrl, secretArn: config.lokiSecretArn } : undefined,
    },
    { parent },
  );
  new Autoscaling(
    `${name}-scaling`,
    {
      clusterName: cluster.clusterName,
      serviceName: service.name,
      minTasks: config.minTasks,
      maxTasks: config.maxTasks,
      requestsPerTargetPerMinute: config.requestsPerTargetPerMinute,
      cpuTargetPercent: config.cpuTargetPercent,
      loadBalancerArnSuffix: entrance.loadBalancerArnSuffix,
      targetGroupArnSuffix: entrance.targetGroup.arnSuffix,
    },
    { parent },
  );
  return { cluster, service };
}
type Proxy = ReturnType<typeof makeProxy>;

function makeControl({ name, config, parent }: Base, network: Network, stores: Stores, proxy: Proxy) {
  const { functions } = new ControlPlane(
    name,
    {
      region: config.region,
      options: stores.options,
      registryTableName: stores.registry.tableName,
      releaseBucket: stores.releases,
      subjects: stores.subjects,
      clusterArn: proxy.cluster.arn,
      serviceName: proxy.service.name,
      serviceArn: proxy.service.id,
      cpuArchitecture: config.cpuArchitecture,
      logRetentionDays: config.logRetentionDays,
      // Elsewhere a function in the VPC would only pay the NAT gateway.
      probeVpc:
        config.nodeSecurityGroupIds.length > 0
          ? { subnetIds: network.privateSubnetIds, securityGroupIds: config.nodeSecurityGroupIds }
          : undefined,
    },
    { parent },
  );
  const handlers = Object.values(functions);
  const definition = pulumi
    .all(Object.fromEntries(Object.entries(functions).map(([handler, made]) => [handler, made.arn])))
    .apply((arns) =>
      JSON.stringify(
        workflowDefinition({
          resourceOf: (handler) => arns[handler]!,
          startOffsetsSeconds: startOffsetsSeconds(config.settings.healthCheckIntervalSeconds),
        }),
      ),
    );
  const workflow = new HealthCheckWorkflow(
    name,
    {
      definition,
      functionArns: handlers.map((handler) => handler.arn),
      logRetentionDays: config.logRetentionDays,
    },
    { parent },
  );
  new Schedule(
    name,
    {
      stateMachineArn: workflow.arn,
      intervalSeconds: config.settings.healthCheckIntervalSeconds,
      input: { mode: "healthCheck" },
    },
    { parent },
  );
  return { functions, workflow };
}
type Control = ReturnType<typeof makeControl>;

function makeAdmin({ name, config, parent }: Base, stores: Stores, proxy: Proxy, { workflow }: Control) {
  const shared = {
    region: config.region,
    options: stores.options,
    registryTableName: stores.registry.tableName,
    subjects: stores.subjects,
    stateMachineArn: workflow.arn,
    cpuArchitecture: config.cpuArchitecture,
    logRetentionDays: config.logRetentionDays,
  };
  const seed =
    config.nodes && new ProviderNodes(`${name}-nodes`, { ...shared, nodes: config.nodes }, { parent }).seed;
  const functions = new AdminFunctions(
    `${name}-admin`,
    {
      ...shared,
      clusterArn: proxy.cluster.arn,
      serviceName: proxy.service.name,
      serviceArn: proxy.service.id,
      apiKey: config.adminAuth === "apiKey" ? config.adminApiKey : undefined,
    },
    { parent },
  );
  const api = new AdminApi(
    `${name}-admin`,
    {
      admin: functions.admin,
      authorizer: functions.authorizer,
      logRetentionDays: config.logRetentionDays,
    },
    { parent },
  );
  return { functions, seed, api };
}
type Admin = ReturnType<typeof makeAdmin>;

function makeMonitoring(
  { name, config, parent }: Base,
  entrance: Entrance,
  proxy: Proxy,
  control: Control,
  { functions, seed }: Admin,
): Monitoring {
  const watched = {
    ...control.functions,
    admin: functions.admin,
    ...(functions.authorizer && { authorizer: functions.authorizer }),
    ...(seed && { seedNodes: seed }),
  };
  return new Monitoring(
    name,
    {
      stack: config.stack,
      region: config.region,
      networks: config.networks.map((network) => ({
        name: network.name,
        maxLagBlocks: network.maxLagBlocks ?? config.settings.maxLagBlocks,
      })),
      healthCheckIntervalSeconds: config.settings.healthCheckIntervalSeconds,
      minHealthyNodes: config.minHealthyNodes,
      errorRatePercent: config.errorRatePercent,
      stateMachineArn: control.workflow.arn,
      functionNames: Object.fromEntries(
        Object.entries(watched).map(([use, { functionName }]) => [use, functionName]),
      ),
      loadBalancerArnSuffix: entrance.loadBalancerArnSuffix,
      targetGroupArnSuffix: entrance.targetGroup.arnSuffix,
      clusterName: proxy.cluster.clusterName,
      serviceName: proxy.service.name,
      topicArn: config.alarmTopicArn,
      email: config.alarmEmail,
    },
    { parent },
  );
}
