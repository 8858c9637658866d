import { prices } from "./prices";

/** What a stack is asked to do, all month long. */
export interface Usage {
  requestsPerSecond: number;
  tasks: number;
  taskVcpus: number;
  taskGib: number;
  nodes: number;
  networks: number;
  alarms: number;
  intervalSeconds: number;
  /** Of one request and its answer. */
  requestBytes: number;
  answerBytes: number;
  /** Of one request's log line; 0 with `logRequests: false`. */
  logLineBytes: number;
}

export interface CostLine {
  what: string;
  formula: string;
  dollars: number;
}

const hours = 730;
const seconds = hours * 3600;
const million = 1e6;
const gb = 1e9;

/** Monthly cost, line by line. */
export function estimate(usage: Usage): CostLine[] {
  return [...traffic(usage), ...fixed(usage), ...healthCheck(usage), ...agents(usage), ...watching(usage)];
}

export function total(lines: CostLine[]): number {
  return lines.reduce((sum, line) => sum + line.dollars, 0);
}

function traffic(usage: Usage): CostLine[] {
  const requests = usage.requestsPerSecond * seconds;
  const gigabytes = (requests * (usage.requestBytes + usage.answerBytes)) / gb;
  const gigabytesOut = (requests * usage.answerBytes) / gb;
  return [
    {
      what: "Fargate tasks",
      formula: "tasks × 730 h × (vCPU × price + GiB × price)",
      dollars:
        usage.tasks *
        hours *
        (usage.taskVcpus * prices.fargateArmVcpuHour + usage.taskGib * prices.fargateArmGibHour),
    },
    {
      what: "Load balancer capacity",
      formula: "GB an hour (one capacity unit each) × 730 h",
      dollars: gigabytes * prices.loadBalancerCapacityUnitHour,
    },
    {
      what: "NAT gateway, data",
      formula: "requests × (request + answer bytes)",
      dollars: gigabytes * prices.natGatewayGb,
    },
    {
      what: "Answers to the internet",
      formula: "(requests × answer bytes − 100 GB free)",
      dollars: Math.max(0, gigabytesOut - 100) * prices.transferOutGb,
    },
    {
      what: "Request log",
      formula: "requests × bytes of a line; nothing with `logRequests: false`",
      dollars: ((requests * usage.logLineBytes) / gb) * prices.logsGb,
    },
  ];
}

function fixed(usage: Usage): CostLine[] {
  return [
    { what: "Load balancer", formula: "730 h", dollars: hours * prices.loadBalancerHour },
    { what: "NAT gateway", formula: "730 h", dollars: hours * prices.natGatewayHour },
    {
      what: "Public addresses",
      formula: "3 (load balancer in two zones, NAT gateway) × 730 h",
      dollars: 3 * hours * prices.publicIpv4Hour,
    },
    {
      what: "Alarms and metrics",
      formula: "alarms × price + (3 × nodes + 2 × networks + 10) metrics × price",
      dollars:
        usage.alarms * prices.alarmMonth + (3 * usage.nodes + 2 * usage.networks + 10) * prices.metricMonth,
    },
  ];
}

/** Assumed, not measured on AWS: seconds of a run and GB-seconds of its functions with about ten nodes that answer in time. */
const runSeconds = 3;
const functionGbSeconds = 5 * 0.5 * 0.4;
const functionsPerRun = 4;

function healthCheck(usage: Usage): CostLine[] {
  const runs = seconds / usage.intervalSeconds;
  return [
    {
      what: "Step Functions",
      formula: "runs × (price + 3 s × 64 MB)",
      dollars:
        (runs / million) * prices.expressMillionRuns + runs * runSeconds * 0.0625 * prices.expressGbSecond,
    },
    {
      what: "Lambda",
      formula: "runs × (4 calls + 1 GB-second)",
      dollars:
        ((runs * functionsPerRun) / million) * prices.lambdaMillionCalls +
        runs * functionGbSeconds * prices.lambdaArmGbSecond,
    },
    {
      what: "DynamoDB, health check",
      formula: "runs × ((nodes + networks + 1) writes + 40 reads)",
      dollars:
        ((runs * (usage.nodes + usage.networks + 1)) / million) * prices.dynamoWriteMillion +
        ((runs * 40) / million) * prices.dynamoReadMillion,
    },
  ];
}

/** Settings' defaults. */
const heartbeatSeconds = 15;
const releasePollSeconds = 2;

function agents(usage: Usage): CostLine[] {
  const heartbeats = (usage.tasks * seconds) / heartbeatSeconds;
  const polls = (usage.tasks * seconds) / releasePollSeconds;
  return [
    {
      what: "DynamoDB, heartbeats",
      formula: "tasks × one write in 15 s",
      dollars: (heartbeats / million) * prices.dynamoWriteMillion,
    },
    {
      what: "S3, looking for releases",
      formula: "tasks × one GET in 2 s",
      dollars: (polls / 1000) * prices.s3GetThousand,
    },
  ];
}

/** Logs of the functions and the agents. */
function watching(usage: Usage): CostLine[] {
  const bytes = (seconds / usage.intervalSeconds) * 8_000;
  return [
    { what: "Logs of the control plane", formula: "runs × 8 kB", dollars: (bytes / gb) * prices.logsGb },
  ];
}
