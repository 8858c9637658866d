import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Autoscaling } from "../../../infra/components/autoscaling";
import { Entrance } from "../../../infra/components/entrance";
import { ProxyService, type ProxyServiceArgs } from "../../../infra/components/proxyService";
import { recordStack } from "../support/recordStack";

const record = (args: Partial<ProxyServiceArgs> = {}) =>
  recordStack(() => {
    const entrance = new Entrance("gateway", {
      vpcId: "vpc-1",
      publicSubnetIds: [],
      targetPort: 8545,
      drainSeconds: 30,
      openTo: "internet",
      accessLogs: false,
      production: false,
    });
    return new ProxyService("proxy", {
      region: "eu-west-1",
      clusterArn: "arn:cluster",
      vpcId: "vpc-1",
      subnetIds: ["subnet-1", "subnet-2"],
      nodeSecurityGroupIds: [],
      metricsSecurityGroupIds: [],
      entrance,
      imageUri: "image",
      repositoryArn: "arn:repository",
      cpuArchitecture: "arm64",
      taskCpu: 512,
      taskMemoryMiB: 1024,
      minTasks: 2,
      environment: { REGISTRY_TABLE: "registry" },
      permissions: [{ actions: ["dynamodb:PutItem"], resources: ["arn:registry"] }],
      drainSeconds: 30,
      logRetentionDays: 30,
      ...args,
    });
  });

type Recorded = Awaited<ReturnType<typeof record>>;
const containers = (stack: Recorded) =>
  JSON.parse(stack.one("aws:ecs/taskDefinition:TaskDefinition").containerDefinitions as string);
const rules = (stack: Recorded, type: string) =>
  stack
    .all(`aws:vpc/securityGroup${type}Rule:SecurityGroup${type}Rule`)
    .filter((rule) => rule.name.startsWith("proxy"))
    .map((rule) => rule.inputs);

const toCloudWatch = (prefix: string) => ({
  logDriver: "awslogs",
  options: {
    "awslogs-group": "proxy",
    "awslogs-region": "eu-west-1",
    "awslogs-stream-prefix": prefix,
    mode: "non-blocking",
    "max-buffer-size": "4m",
  },
});

describe("proxy service", () => {
  it("runs the proxy with a read-only root and no capabilities, and time to drain", async () => {
    const [proxy, ...others] = containers(await record());
    assert.deepEqual(others, []);
    const { healthCheck, ...rest } = proxy;
    assert.deepEqual(rest, {
      name: "proxy",
      image: "image",
      essential: true,
      portMappings: [{ containerPort: 8545, protocol: "tcp" }],
      environment: [
        { name: "METRICS_PORT", value: "9100" },
        { name: "PORT", value: "8545" },
        { name: "REGISTRY_TABLE", value: "registry" },
        { name: "RUN_DIRECTORY", value: "/run/jsonrpc-gateway" },
      ],
      readonlyRootFilesystem: true,
      mountPoints: [{ sourceVolume: "run", containerPath: "/run/jsonrpc-gateway" }],
      linuxParameters: { capabilities: { drop: ["ALL"] } },
      ulimits: [{ name: "nofile", softLimit: 65536, hardLimit: 65536 }],
      stopTimeout: 40,
      logConfiguration: toCloudWatch("proxy"),
    });
    assert.deepEqual(healthCheck.command.slice(0, 3), ["CMD", "node", "-e"]);
    assert.match(healthCheck.command[3], /127\.0\.0\.1:8545\/health/);
    assert.deepEqual([healthCheck.interval, healthCheck.timeout, healthCheck.retries], [10, 5, 3]);
  });

  it("runs on Fargate with a role to act and a role to start", async () => {
    const stack = await record();
    const { containerDefinitions, ...task } = stack.one("aws:ecs/taskDefinition:TaskDefinition");
    assert.equal(typeof containerDefinitions, "string");
    assert.deepEqual(task, {
      family: "proxy",
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "512",
      memory: "1024",
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "ARM64" },
      taskRoleArn: "arn:aws:iam::123456789012:role/proxy-task",
      executionRoleArn: "arn:aws:iam::123456789012:role/proxy-execution",
      volumes: [{ name: "run" }],
    });
    assert.deepEqual(stack.policy("proxy-task"), [
      { Effect: "Allow", Action: ["dynamodb:PutItem"], Resource: ["arn:registry"] },
    ]);
    assert.deepEqual(
      stack.policy("proxy-execution").map((statement) => [statement.Action, statement.Resource]),
      [
        [["ecr:GetAuthorizationToken"], ["*"]],
        [
          ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
          ["arn:repository"],
        ],
        [
          ["logs:CreateLogStream", "logs:PutLogEvents"],
          ["arn:aws:logs:eu-west-1:123456789012:log-group:proxy:log-stream:*"],
        ],
      ],
    );
    assert.deepEqual(stack.one("aws:cloudwatch/logGroup:LogGroup"), { retentionInDays: 30 });
  });

  it("replaces tasks without loss, rolls back a bad deployment, spreads over zones, and is not public", async () => {
    const stack = await record();
    assert.deepEqual(stack.one("aws:ecs/service:Service"), {
      cluster: "arn:cluster",
      taskDefinition: "arn:aws:ecs:eu-west-1:123456789012:task-definition/proxy:1",
      launchType: "FARGATE",
      desiredCount: 2,
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      availabilityZoneRebalancing: "ENABLED",
      healthCheckGracePeriodSeconds: 60,
      waitForSteadyState: true,
      enableEcsManagedTags: true,
      propagateTags: "SERVICE",
      networkConfiguration: {
        subnets: ["subnet-1", "subnet-2"],
        securityGroups: ["proxy-id"],
        assignPublicIp: false,
      },
      loadBalancers: [
        {
          targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/gateway/0",
          containerName: "proxy",
          containerPort: 8545,
        },
      ],
    });
  });

  it("lets in the load balancer only", async () => {
    const stack = await record();
    const fromEntrance = {
      referencedSecurityGroupId: "gateway-entrance-id",
      securityGroupId: "proxy-id",
      ipProtocol: "tcp",
      fromPort: 8545,
      toPort: 8545,
    };
    assert.deepEqual(rules(stack, "Ingress"), [fromEntrance]);
    assert.deepEqual(rules(stack, "Egress"), [
      {
        ...fromEntrance,
        securityGroupId: "gateway-entrance-id",
        referencedSecurityGroupId: "proxy-id",
      },
      { securityGroupId: "proxy-id", ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" },
    ]);
  });

  it("opens the metrics port to the groups that are named, and joins those of private nodes", async () => {
    const stack = await record({
      metricsSecurityGroupIds: ["sg-prometheus"],
      nodeSecurityGroupIds: ["sg-nodes"],
    });
    assert.deepEqual(rules(stack, "Ingress")[1], {
      referencedSecurityGroupId: "sg-prometheus",
      securityGroupId: "proxy-id",
      ipProtocol: "tcp",
      fromPort: 9100,
      toPort: 9100,
    });
    const network = stack.one("aws:ecs/service:Service").networkConfiguration as Record<string, unknown>;
    assert.deepEqual(network.securityGroups, ["proxy-id", "sg-nodes"]);
  });

  it("ships logs to Loki through a side-car, with the secret from Secrets Manager", async () => {
    const stack = await record({
      loki: { url: "https://loki.example.org:3100/api/push", secretArn: "arn:secret" },
    });
    const [proxy, router] = containers(stack);
    assert.deepEqual(proxy.logConfiguration, {
      logDriver: "awsfirelens",
      options: {
        Name: "loki",
        host: "loki.example.org",
        port: "3100",
        uri: "/api/push",
        tls: "on",
        labels: "job=jsonrpc-gateway",
        label_keys: "$ecs_task_family",
        line_format: "json",
        remove_keys: "container_id,container_name,ecs_task_arn",
      },
      secretOptions: [
        { name: "http_user", valueFrom: "arn:secret:user::" },
        { name: "http_passwd", valueFrom: "arn:secret:password::" },
      ],
    });
    assert.equal(router.image, "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable");
    assert.deepEqual(router.firelensConfiguration, {
      type: "fluentbit",
      options: { "enable-ecs-log-metadata": "true" },
    });
    assert.deepEqual(router.logConfiguration, toCloudWatch("log-router"));
    assert.deepEqual(stack.policy("proxy-execution").at(-1), {
      Effect: "Allow",
      Action: ["secretsmanager:GetSecretValue"],
      Resource: ["arn:secret"],
    });
  });

  it("ships logs to a Loki without TLS and credentials", async () => {
    const [proxy] = containers(await record({ loki: { url: "http://loki.internal" } }));
    const { host, port, uri, tls } = proxy.logConfiguration.options;
    assert.deepEqual([host, port, uri, tls], ["loki.internal", "80", "/loki/api/v1/push", "off"]);
    assert.equal(proxy.logConfiguration.secretOptions, undefined);
  });
});

describe("autoscaling", () => {
  it("follows requests per target and CPU, quickly up and slowly down", async () => {
    const stack = await recordStack(
      () =>
        new Autoscaling("scaling", {
          clusterName: "main",
          serviceName: "proxy",
          minTasks: 2,
          maxTasks: 10,
          requestsPerTargetPerMinute: 12_000,
          cpuTargetPercent: 60,
          loadBalancerArnSuffix: "app/lb/0",
          targetGroupArnSuffix: "targetgroup/tg/0",
        }),
    );
    assert.deepEqual(stack.one("aws:appautoscaling/target:Target"), {
      serviceNamespace: "ecs",
      scalableDimension: "ecs:service:DesiredCount",
      resourceId: "service/main/proxy",
      minCapacity: 2,
      maxCapacity: 10,
    });
    const policy = (name: string) =>
      stack.one("aws:appautoscaling/policy:Policy", name).targetTrackingScalingPolicyConfiguration;
    const cooldowns = { scaleOutCooldown: 30, scaleInCooldown: 300 };
    assert.deepEqual(policy("scaling-requests"), {
      targetValue: 12_000,
      predefinedMetricSpecification: {
        predefinedMetricType: "ALBRequestCountPerTarget",
        resourceLabel: "app/lb/0/targetgroup/tg/0",
      },
      ...cooldowns,
    });
    assert.deepEqual(policy("scaling-cpu"), {
      targetValue: 60,
      predefinedMetricSpecification: { predefinedMetricType: "ECSServiceAverageCPUUtilization" },
      ...cooldowns,
    });
  });
});
