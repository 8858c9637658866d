import type { ProgramConfig } from "./runProgram";

const project = "jsonrpc-gateway";
const config = (keys: Record<string, unknown>): ProgramConfig => ({
  "aws:region": "eu-west-1",
  ...Object.fromEntries(
    Object.entries(keys).map(([key, value]) => [
      `${project}:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  ),
});

/** Stands in every secret that a test gives. */
export const planted = "PLANTED-SECRET";

/** An empty account. */
export const nothingGiven = config({});

/** An account that has network, cluster and load balancer; every option of such a stack is on. */
export const everythingGiven = config({
  vpcId: "vpc-0123456789abcdef0",
  privateSubnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
  publicSubnetIds: ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
  nodeSecurityGroupIds: ["sg-0123456789abcdef0"],
  metricsSecurityGroupIds: ["sg-0123456789abcdef1"],
  clusterArn: "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
  listenerArn: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/main/0/1",
  hostName: "rpc.example.org",
  listenerRulePriority: 100,
  loadBalancerSecurityGroupId: "sg-0123456789abcdef2",
  networks: [
    { name: "mainnet", chainId: 1 },
    { name: "base", chainId: 8453, maxLagBlocks: 30, allowedMethods: ["debug_*"] },
  ],
  nodes: [
    { url: `https://node.example/v3/${planted}`, isLeader: true },
    { url: `https://base.example/${planted}`, network: "base", headers: { "x-key": planted } },
  ],
  allowPrivateNodes: "true",
  healthCheckIntervalSeconds: 20,
  rollout: "redeploy",
  requireKeys: "true",
  cpuArchitecture: "x86_64",
  taskCpu: 1024,
  taskMemoryMiB: 2048,
  minTasks: 3,
  maxTasks: 30,
  domainName: "rpc.example.org",
  hostedZoneId: "Z0123456789ABCDEFGHIJ",
  certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1",
  alarmTopicArn: "arn:aws:sns:eu-west-1:123456789012:alarms",
  alarmEmail: "ops@example.org",
  logRetentionDays: 90,
  lokiUrl: "https://loki.example.org",
  lokiSecretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:loki",
  production: "true",
  adminAuth: "apiKey",
  adminApiKey: `${planted}-${planted}`,
  tags: { team: "chain" },
});

/** An empty account, with every option that the one above can't have. */
export const everythingMade = config({
  domainName: "rpc.example.org",
  hostedZoneId: "Z0123456789ABCDEFGHIJ",
  edge: "cloudfront",
  waf: "true",
  accessLogs: "true",
  natGateways: "onePerZone",
  replicaRegions: ["us-east-1"],
  production: "true",
});

/** A further region of `everythingMade`: the registry is the one that the first region replicates here. */
export const furtherRegion = config({
  domainName: "rpc.example.org",
  hostedZoneId: "Z0123456789ABCDEFGHIJ",
  registryTableName: "jsonrpc-gateway-production-registry-0123456",
  production: "true",
});
