import { parseNodeUrl } from "../../functions/domain/nodeUrl";
import type { Settings } from "../../functions/domain/settings";
import { ConfigError } from "./configError";
import type { InputName, Inputs } from "./inputs";

interface Given extends Inputs {
  settings: Settings;
  region: string;
}
type Key = InputName | keyof Settings;
type KeyName = (name: Key) => string;

/** What single keys can't tell: keys that need, exclude or bound one another. @throws ConfigError */
export function checkCombinations(given: Given, key: KeyName): void {
  checkNeeds(given, key);
  checkExclusions(given, key);
  checkBounds(given, key);
  checkInterval(given.settings.healthCheckIntervalSeconds, key);
  checkTaskSize(given, key);
  checkNodes(given, key);
}

/** Who is given needs the others too. */
const needs: { given: InputName; needs: InputName[]; why: string }[] = [
  { given: "vpcId", needs: ["privateSubnetIds"], why: "the tasks' subnets in that VPC" },
  { given: "privateSubnetIds", needs: ["vpcId"], why: "the VPC of those subnets" },
  { given: "publicSubnetIds", needs: ["vpcId"], why: "the VPC of those subnets" },
  {
    given: "listenerArn",
    needs: ["vpcId", "hostName", "listenerRulePriority", "loadBalancerSecurityGroupId"],
    why: "what the rule on listenerArn needs",
  },
  { given: "hostName", needs: ["listenerArn"], why: "the listener that the rule is added to" },
  { given: "certificateArn", needs: ["domainName"], why: "the name on the certificate" },
  { given: "hostedZoneId", needs: ["domainName"], why: "the name to put into the zone" },
  { given: "lokiSecretArn", needs: ["lokiUrl"], why: "the Loki that the secret is for" },
];

function checkNeeds(given: Given, key: KeyName): void {
  for (const rule of needs) {
    if (given[rule.given] === undefined) continue;
    for (const name of rule.needs) {
      if (given[name] === undefined)
        throw ConfigError.missing(key(name), `${rule.why} (${rule.given} is given)`);
    }
  }
  if (given.vpcId && !given.listenerArn && !given.publicSubnetIds) {
    throw ConfigError.missing(
      key("publicSubnetIds"),
      "the load balancer's subnets (vpcId is given), or listenerArn",
    );
  }
  if (given.domainName && !given.hostedZoneId && (!given.certificateArn || given.edge === "cloudfront")) {
    throw ConfigError.missing(
      key("hostedZoneId"),
      "the Route 53 zone of domainName, for its record and certificate",
    );
  }
  if (given.adminAuth === "apiKey" && given.adminApiKey === undefined) {
    throw ConfigError.missing(key("adminApiKey"), "the key that adminAuth: apiKey asks for, with --secret");
  }
}

function checkExclusions(given: Given, key: KeyName): void {
  if (given.listenerArn && given.edge === "cloudfront") {
    throw ConfigError.bad(
      key("edge"),
      '"cloudfront"',
      "none together with listenerArn, whose load balancer is not ours",
    );
  }
  if (given.listenerArn && given.waf) {
    throw ConfigError.bad(
      key("waf"),
      "true",
      "false together with listenerArn, whose load balancer is not ours",
    );
  }
  if (given.listenerArn && given.accessLogs) {
    throw ConfigError.bad(
      key("accessLogs"),
      "true",
      "false together with listenerArn, whose load balancer is not ours",
    );
  }
  if (given.registryTableName && given.replicaRegions.length > 0) {
    throw ConfigError.bad(
      key("replicaRegions"),
      JSON.stringify(given.replicaRegions),
      "it in the first region only, registryTableName in the others",
    );
  }
  if (given.registryTableName && given.nodes) {
    throw ConfigError.bad(key("nodes"), "[secret]", "it in the first region only: the registry is shared");
  }
  if (given.replicaRegions.includes(given.region)) {
    throw ConfigError.bad(
      key("replicaRegions"),
      JSON.stringify(given.replicaRegions),
      "regions other than the stack's own",
    );
  }
}

/** Fargate kills a task 120 s after SIGTERM: drain must end before. */
const longestDrainSeconds = 110;

function checkBounds(given: Given, key: KeyName): void {
  const { settings } = given;
  if (given.minTasks > given.maxTasks) {
    throw ConfigError.bad(key("minTasks"), String(given.minTasks), `at most maxTasks (${given.maxTasks})`);
  }
  if (settings.drainSeconds > longestDrainSeconds) {
    throw ConfigError.bad(
      key("drainSeconds"),
      String(settings.drainSeconds),
      `at most ${longestDrainSeconds} on AWS`,
    );
  }
}

/** The schedule fires on whole minutes; one execution repeats the check within its minute. */
function checkInterval(seconds: number, key: KeyName): void {
  const fits = seconds < 60 ? seconds >= 5 && 60 % seconds === 0 : seconds % 60 === 0;
  if (fits) return;
  throw ConfigError.bad(
    key("healthCheckIntervalSeconds"),
    String(seconds),
    "5, 6, 10, 12, 15, 20, 30 or whole minutes (60, 120, …) on AWS",
  );
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */
const fargateMemory: Record<number, (mib: number) => boolean> = {
  256: (mib) => [512, 1024, 2048].includes(mib),
  512: (mib) => stepped(mib, 1024, 4096, 1024),
  1024: (mib) => stepped(mib, 2048, 8192, 1024),
  2048: (mib) => stepped(mib, 4096, 16_384, 1024),
  4096: (mib) => stepped(mib, 8192, 30_720, 1024),
  8192: (mib) => stepped(mib, 16_384, 61_440, 4096),
  16384: (mib) => stepped(mib, 32_768, 122_880, 8192),
};

function stepped(value: number, min: number, max: number, step: number): boolean {
  return value >= min && value <= max && value % step === 0;
}

function checkTaskSize(given: Given, key: KeyName): void {
  if (fargateMemory[given.taskCpu]?.(given.taskMemoryMiB)) return;
  throw ConfigError.bad(
    key("taskMemoryMiB"),
    String(given.taskMemoryMiB),
    `a memory that Fargate allows with taskCpu ${given.taskCpu}`,
  );
}

function checkNodes(given: Given, key: KeyName): void {
  const names = new Set(given.networks.map((network) => network.name));
  const allowPrivate = given.settings.allowPrivateNodes;
  given.nodes?.forEach((node, index) => {
    if (node.network !== undefined && !names.has(node.network)) {
      const allowed = `one of the networks ${[...names].join(", ")}`;
      throw ConfigError.bad(`${key("nodes")}[${index}].network`, JSON.stringify(node.network), allowed);
    }
    const results = {
      url: parseNodeUrl(node.url, { allowPrivate }),
      wsUrl: node.wsUrl === undefined ? undefined : parseNodeUrl(node.wsUrl, { allowPrivate, kind: "ws" }),
    };
    for (const [field, result] of Object.entries(results)) {
      if (!result || result.ok) continue;
      const problem = `a URL of a node; this one ${result.problems[0]}`;
      throw ConfigError.bad(`${key("nodes")}[${index}].${field}`, "[secret]", problem);
    }
  });
}
