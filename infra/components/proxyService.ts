import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../architecture";
import { logRouterContainer, shippedLogs } from "../logRouter";
import type { Permission } from "../permissions";
import { makeServiceRole, type ServiceRole } from "../serviceRole";
import type { Entrance } from "./entrance";

export interface ProxyServiceArgs {
  region: string;
  clusterArn: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  subnetIds: pulumi.Input<string[]>;
  /** Groups that the tasks join besides their own: they open private nodes. */
  nodeSecurityGroupIds: string[];
  /** Members of these groups may scrape `/metrics`. */
  metricsSecurityGroupIds: string[];
  entrance: Entrance;
  imageUri: pulumi.Input<string>;
  /** Repository that the image is pulled from. */
  repositoryArn: pulumi.Input<string>;
  cpuArchitecture: Architecture;
  taskCpu: number;
  taskMemoryMiB: number;
  minTasks: number;
  /** What the agent is told, besides ports and folders. */
  environment: Record<string, pulumi.Input<string>>;
  /** What the agent may do. */
  permissions: Permission[];
  drainSeconds: number;
  logRetentionDays: number;
  loki?: { url: string; secretArn?: pulumi.Input<string> };
}

export const proxyPort = 8545;
const metricsPort = 9100;
/** The one folder that the container may write to: the root file system is read-only. */
const runDirectory = "/run/jsonrpc-gateway";
/** SIGKILL follows SIGTERM after this: time to drain, and to be tidy. */
const tidySeconds = 10;

/** The data plane on Fargate. */
export class ProxyService extends pulumi.ComponentResource {
  readonly service: aws.ecs.Service;
  readonly securityGroupId: pulumi.Output<string>;
  readonly logGroupName: pulumi.Output<string>;
  readonly taskRoleArn: pulumi.Output<string>;

  constructor(name: string, args: ProxyServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:ProxyService", name, {}, opts);
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { retentionInDays: args.logRetentionDays },
      { parent: this },
    );
    const taskRole = makeServiceRole(`${name}-task`, "ecs-tasks.amazonaws.com", args.permissions, this);
    const executionRole = makeExecutionRole(name, args, logGroup, this);
    const taskDefinition = makeTaskDefinition(name, args, logGroup, taskRole, executionRole, this);
    const securityGroup = makeSecurityGroup(name, args, this);
    this.service = makeService(name, args, taskDefinition, securityGroup, [taskRole, executionRole], this);
    this.securityGroupId = securityGroup.id;
    this.logGroupName = logGroup.name;
    this.taskRoleArn = taskRole.role.arn;
    this.registerOutputs({ serviceArn: this.service.id, logGroupName: this.logGroupName });
  }
}

/** What ECS itself does to start a task: pull the image, write its log, read the log router's secret. */
function makeExecutionRole(
  name: string,
  args: ProxyServiceArgs,
  logGroup: aws.cloudwatch.LogGroup,
  parent: ProxyService,
): ServiceRole {
  const permissions: Permission[] = [
    // Has no resource to name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
    { actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
    {
      actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      resources: [args.repositoryArn],
    },
    {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [pulumi.interpolate`${logGroup.arn}:log-stream:*`],
    },
  ];
  if (args.loki?.secretArn) {
    permissions.push({ actions: ["secretsmanager:GetSecretValue"], resources: [args.loki.secretArn] });
  }
  return makeServiceRole(`${name}-execution`, "ecs-tasks.amazonaws.com", permissions, parent);
}

function makeTaskDefinition(
  name: string,
  args: ProxyServiceArgs,
  logGroup: aws.cloudwatch.LogGroup,
  taskRole: ServiceRole,
  executionRole: ServiceRole,
  parent: ProxyService,
): aws.ecs.TaskDefinition {
  const toCloudWatch = (prefix: string) => ({
    logDriver: "awslogs",
    options: {
      "awslogs-group": logGroup.name,
      "awslogs-region": args.region,
      "awslogs-stream-prefix": prefix,
      // A full log buffer must not block nginx.
      mode: "non-blocking",
      "max-buffer-size": "4m",
    },
  });
  const proxy = proxyContainer(args, args.loki ? shippedLogs(args.loki) : toCloudWatch("proxy"));
  return new aws.ecs.TaskDefinition(
    name,
    {
      family: name,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: String(args.taskCpu),
      memory: String(args.taskMemoryMiB),
      runtimePlatform: {
        operatingSystemFamily: "LINUX",
        cpuArchitecture: args.cpuArchitecture === "arm64" ? "ARM64" : "X86_64",
      },
      taskRoleArn: taskRole.role.arn,
      executionRoleArn: executionRole.role.arn,
      volumes: [{ name: "run" }],
      containerDefinitions: pulumi.jsonStringify(
        args.loki ? [proxy, logRouterContainer(toCloudWatch("log-router"))] : [proxy],
      ),
    },
    { parent },
  );
}

function proxyContainer(args: ProxyServiceArgs, logConfiguration: object) {
  const environment: Record<string, pulumi.Input<string>> = {
    ...args.environment,
    PORT: String(proxyPort),
    METRICS_PORT: String(metricsPort),
    RUN_DIRECTORY: runDirectory,
  };
  return {
    name: "proxy",
    image: args.imageUri,
    essential: true,
    portMappings: [{ containerPort: proxyPort, protocol: "tcp" }],
    environment: Object.keys(environment)
      .sort()
      .map((key) => ({ name: key, value: environment[key] })),
    readonlyRootFilesystem: true,
    mountPoints: [{ sourceVolume: "run", containerPath: runDirectory }],
    linuxParameters: { capabilities: { drop: ["ALL"] } },
    ulimits: [{ name: "nofile", softLimit: 65_536, hardLimit: 65_536 }],
    stopTimeout: args.drainSeconds + tidySeconds,
    healthCheck: {
      command: ["CMD", "node", "-e", healthProbe],
      interval: 10,
      timeout: 5,
      retries: 3,
      startPeriod: 30,
    },
    logConfiguration,
  };
}

/** The image has Node but no curl. Liveness only: a draining task (503) is alive, a hanging one is not. */
const healthProbe = `require("node:http").get("http://127.0.0.1:${proxyPort}/health",()=>process.exit(0)).on("error",()=>process.exit(1))`;

function makeSecurityGroup(
  name: string,
  args: ProxyServiceArgs,
  parent: ProxyService,
): aws.ec2.SecurityGroup {
  const group = new aws.ec2.SecurityGroup(
    name,
    { vpcId: args.vpcId, description: "Proxy tasks" },
    { parent },
  );
  const open = (suffix: string, from: pulumi.Input<string>, to: pulumi.Input<string>, port: number) => {
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-${suffix}`,
      {
        securityGroupId: to,
        referencedSecurityGroupId: from,
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
      },
      { parent },
    );
  };
  open("clients", args.entrance.securityGroupId, group.id, proxyPort);
  args.metricsSecurityGroupIds.forEach((from, index) => {
    open(`metrics-${index}`, from, group.id, metricsPort);
  });
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-entrance`,
    {
      securityGroupId: args.entrance.securityGroupId,
      referencedSecurityGroupId: group.id,
      ipProtocol: "tcp",
      fromPort: proxyPort,
      toPort: proxyPort,
    },
    { parent },
  );
  // Nodes listen on any port of any host.
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-nodes`,
    { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" },
    { parent },
  );
  return group;
}

function makeService(
  name: string,
  args: ProxyServiceArgs,
  taskDefinition: aws.ecs.TaskDefinition,
  securityGroup: aws.ec2.SecurityGroup,
  roles: ServiceRole[],
  parent: ProxyService,
): aws.ecs.Service {
  return new aws.ecs.Service(
    name,
    {
      cluster: args.clusterArn,
      taskDefinition: taskDefinition.arn,
      launchType: "FARGATE",
      desiredCount: args.minTasks,
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      availabilityZoneRebalancing: "ENABLED",
      healthCheckGracePeriodSeconds: 60,
      waitForSteadyState: true,
      enableEcsManagedTags: true,
      propagateTags: "SERVICE",
      networkConfiguration: {
        subnets: args.subnetIds,
        securityGroups: [securityGroup.id, ...args.nodeSecurityGroupIds],
        assignPublicIp: false,
      },
      loadBalancers: [
        { targetGroupArn: args.entrance.targetGroup.arn, containerName: "proxy", containerPort: proxyPort },
      ],
    },
    {
      parent,
      dependsOn: [args.entrance.attached, ...roles.flatMap((role) => role.ready)],
      // Autoscaling owns the count after the first deployment.
      ignoreChanges: ["desiredCount"],
    },
  );
}
