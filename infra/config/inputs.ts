import { z } from "zod";
import { networkNameProblem } from "../../functions/domain/networkTable";
import { headerProblems, nameProblem } from "../../functions/domain/nodeInput";
import { decimal, flag, list, setting, wholeNumber } from "../../functions/domain/settings/definition";

/**
 * What the stack's config takes besides the settings of `functions/domain/settings.ts`: where the system is put,
 * what of the account is re-used, how big it is. `undefined` means: made by this program, or left out.
 */

const matching = (pattern: RegExp, allowed: string) => z.string({ error: allowed }).regex(pattern, allowed);
const arn = (service: string, allowed: string) =>
  matching(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:.+$`), allowed);
const nonEmptyList = (pattern: RegExp, allowed: string, min: number) =>
  list(matching(pattern, allowed), allowed).pipe(z.array(z.string()).min(min, allowed));

const methods = z
  .array(matching(/^[A-Za-z0-9_*]{1,100}$/, "method names"))
  .optional()
  .describe("Method patterns.");

const network = z.strictObject({
  name: z.string().refine((name) => networkNameProblem(name) === undefined, {
    error: "networks whose names have 1 to 32 lower-case letters, digits and dashes and start with a letter",
  }),
  chainId: z.int({ error: "a chainId that is a whole number" }).positive("a chainId above 0"),
  maxLagBlocks: z.int().min(0).max(1_000_000).optional(),
  blockTimeSeconds: z.number().min(0.01).max(3600).optional(),
  finalityDepthBlocks: z.int().min(0).max(1_000_000).optional(),
  allowedMethods: methods,
  blockedMethods: methods,
});

const networksAllowed = `a list of networks such as [{"name": "mainnet", "chainId": 1}], names and chain ids unique`;

const node = z.strictObject({
  url: matching(/^https?:\/\/\S{1,8000}$/, "a url that starts with http:// or https://"),
  network: z.string().optional(),
  name: z
    .string()
    .refine((name) => nameProblem(name) === undefined, {
      error: "nodes with a name of at most 64 characters",
    })
    .optional(),
  isLeader: z.boolean().optional(),
  weight: z.int().min(1).max(1000).optional(),
  wsUrl: matching(/^wss?:\/\/\S{1,8000}$/, "a wsUrl that starts with ws:// or wss://").optional(),
  headers: z
    .record(z.string(), z.string())
    .refine((headers) => headerProblems(headers).length === 0, {
      error: "nodes whose headers are plain and not the proxy's own",
    })
    .optional(),
  maxRequestsPerSecond: z.number().positive().optional(),
  maxConcurrency: z.int().positive().optional(),
  monthlyCredits: z.number().positive().optional(),
});
/** One provider node in the stack's secret `nodes`. */
export type NodeInput = z.infer<typeof node>;

const unique = <T>(items: T[], key: (item: T) => unknown) => new Set(items.map(key)).size === items.length;

const optional = <T extends z.ZodType>(type: T) => type.optional();

export const inputDefinitions = {
  // What there is already. What is not given is made.
  vpcId: setting({
    type: optional(matching(/^vpc-[0-9a-f]{8,17}$/, "a VPC id such as vpc-0123456789abcdef0")),
    default: undefined,
    doc: "VPC to use, together with `privateSubnetIds` and `publicSubnetIds`. Not given: a VPC is made.",
  }),
  privateSubnetIds: setting({
    type: optional(nonEmptyList(/^subnet-[0-9a-f]{8,17}$/, "two or more subnet ids", 2)),
    default: undefined,
    doc: "Subnets of the tasks, in two or more zones, with a way out to the nodes.",
  }),
  publicSubnetIds: setting({
    type: optional(nonEmptyList(/^subnet-[0-9a-f]{8,17}$/, "two or more subnet ids", 2)),
    default: undefined,
    doc: "Subnets of the load balancer. Not needed with `listenerArn`.",
  }),
  nodeSecurityGroupIds: setting({
    type: list(matching(/^sg-[0-9a-f]{8,17}$/, "security group ids"), "security group ids"),
    default: [],
    doc: "Security groups that open private nodes to their members: tasks and probes join them.",
  }),
  clusterArn: setting({
    type: optional(arn("ecs", "the ARN of an ECS cluster")),
    default: undefined,
    doc: "ECS cluster to use. Not given: one is made.",
  }),
  listenerArn: setting({
    type: optional(arn("elasticloadbalancing", "the ARN of a load balancer's listener")),
    default: undefined,
    doc: "Listener to add a rule to, with `hostName`, `listenerRulePriority`, `loadBalancerSecurityGroupId`. Not given: a load balancer is made.",
  }),
  hostName: setting({
    type: optional(matching(/^[a-z0-9.-]{1,253}$/, "a host name")),
    default: undefined,
    doc: "Host name whose requests the rule on `listenerArn` sends here.",
  }),
  listenerRulePriority: setting({
    type: optional(wholeNumber(1, 50_000)),
    default: undefined,
    doc: "Priority of that rule.",
  }),
  loadBalancerSecurityGroupId: setting({
    type: optional(matching(/^sg-[0-9a-f]{8,17}$/, "a security group id")),
    default: undefined,
    doc: "Security group of the load balancer behind `listenerArn`: what may reach the tasks.",
  }),
  metricsSecurityGroupIds: setting({
    type: list(matching(/^sg-[0-9a-f]{8,17}$/, "security group ids"), "security group ids"),
    default: [],
    doc: "Security groups whose members may scrape the tasks' `/metrics` on port 9100. None: the port is closed.",
  }),
  natGateways: setting({
    type: z.enum(["single", "onePerZone"], { error: "single or onePerZone" }),
    default: "single",
    doc: "NAT gateways of a VPC that is made: one for all zones, or one each (survives the loss of a zone, costs more).",
  }),

  // Networks and nodes
  networks: setting({
    type: z
      .array(network, { error: networksAllowed })
      .min(1, networksAllowed)
      .refine((all) => unique(all, (one) => one.name) && unique(all, (one) => one.chainId), networksAllowed),
    default: [{ name: "mainnet", chainId: 1 }],
    doc: "The chains: `name`, `chainId`, and optionally `maxLagBlocks`, `blockTimeSeconds`, `finalityDepthBlocks`, `allowedMethods`, `blockedMethods`. The first is the default network, served on `/`.",
  }),
  nodes: setting({
    type: optional(
      z
        .array(node, { error: "a list of nodes, each with a url" })
        .refine((all) => unique(all, (one) => one.url), {
          error: "a list of nodes, each url once",
        }),
    ),
    default: undefined,
    doc: "Secret. The operator's nodes: `url`, and optionally `network`, `name`, `isLeader`, `weight`, `wsUrl`, `headers`, `maxRequestsPerSecond`, `maxConcurrency`, `monthlyCredits`. A node taken out here leaves the registry; nodes of the admin API stay.",
  }),

  // Size
  cpuArchitecture: setting({
    type: z.enum(["arm64", "x86_64"], { error: "arm64 or x86_64" }),
    default: "arm64",
    doc: "Processor of the tasks and the functions. arm64 costs a fifth less.",
  }),
  taskCpu: setting({
    type: z.coerce.number().pipe(
      z.literal([256, 512, 1024, 2048, 4096, 8192, 16384], {
        error: "256, 512, 1024, 2048, 4096, 8192 or 16384",
      }),
    ),
    default: 512,
    doc: "CPU units of a task; 1024 are one vCPU.",
  }),
  taskMemoryMiB: setting({
    type: wholeNumber(512, 122_880),
    default: 1024,
    doc: "Memory of a task. Fargate allows certain pairs with `taskCpu` only.",
    source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html",
  }),
  minTasks: setting({ type: wholeNumber(1, 1000), default: 2, doc: "Fewest tasks." }),
  maxTasks: setting({ type: wholeNumber(1, 1000), default: 10, doc: "Most tasks." }),
  requestsPerTargetPerMinute: setting({
    type: wholeNumber(1, 10_000_000),
    default: 60_000,
    doc: "Autoscaling aims at this many requests a minute for each task (60,000 are 1,000 a second, about a quarter of half a vCPU).",
  }),
  cpuTargetPercent: setting({
    type: wholeNumber(10, 90),
    default: 60,
    doc: "Autoscaling also aims at this CPU use, whichever needs more tasks.",
  }),

  // Address
  domainName: setting({
    type: optional(matching(/^(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/, "a domain name")),
    default: undefined,
    doc: "Name under which clients reach the gateway. Not given: HTTP on the load balancer's own name.",
  }),
  hostedZoneId: setting({
    type: optional(matching(/^Z[A-Z0-9]{1,31}$/, "a Route 53 zone id such as Z0123456789ABCDEFGHIJ")),
    default: undefined,
    doc: "Route 53 zone of `domainName`: the record (and the certificate's validation) is put there.",
  }),
  certificateArn: setting({
    type: optional(arn("acm", "the ARN of an ACM certificate")),
    default: undefined,
    doc: "Certificate of `domainName` in this region. Not given: one is made in `hostedZoneId`.",
  }),
  edge: setting({
    type: z.enum(["none", "cloudfront"], { error: "none or cloudfront" }),
    default: "none",
    doc: "cloudfront: clients enter at CloudFront's edge; the load balancer then takes connections from CloudFront only.",
  }),
  waf: setting({
    type: flag,
    default: false,
    doc: "A web ACL (rate per address, address reputation, known bad inputs) in front.",
  }),
  wafRequestsPer5Minutes: setting({
    type: wholeNumber(10, 2_000_000_000),
    default: 100_000,
    doc: "Requests of one address in five minutes that the web ACL lets pass.",
  }),
  accessLogs: setting({
    type: flag,
    default: false,
    doc: "The load balancer's access logs go to an S3 bucket.",
  }),

  // Watching
  alarmEmail: setting({
    type: optional(z.email("an e-mail address")),
    default: undefined,
    doc: "Address that is subscribed to the alarm topic.",
  }),
  alarmTopicArn: setting({
    type: optional(arn("sns", "the ARN of an SNS topic")),
    default: undefined,
    doc: "SNS topic that alarms go to. Not given: one is made.",
  }),
  minHealthyNodes: setting({
    type: wholeNumber(1, 1000),
    default: 1,
    doc: "Fewer healthy nodes than this in a network raise an alarm.",
  }),
  errorRatePercent: setting({
    type: decimal(0.01, 100),
    default: 1,
    doc: "More answers with status 5xx than this share raise an alarm.",
  }),
  logRetentionDays: setting({
    type: z.coerce.number().pipe(
      z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653], {
        error: "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827 or 3653",
      }),
    ),
    default: 30,
    doc: "Days that logs are kept.",
  }),
  lokiUrl: setting({
    type: optional(
      matching(
        /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~/-]*)?$/,
        "an http(s) URL without credentials",
      ),
    ),
    default: undefined,
    doc: "Loki to which a side-car ships the tasks' logs (instead of CloudWatch).",
  }),
  lokiSecretArn: setting({
    type: optional(arn("secretsmanager", "the ARN of a Secrets Manager secret")),
    default: undefined,
    doc: 'Secret with `{"user": "…", "password": "…"}` for `lokiUrl`.',
  }),

  // Regions and state
  replicaRegions: setting({
    type: list(matching(/^[a-z]{2}(-[a-z]+)+-\d$/, "regions such as eu-west-1"), "regions such as eu-west-1"),
    default: [],
    doc: "First region only: further regions to which the registry is replicated.",
  }),
  registryTableName: setting({
    type: optional(matching(/^[A-Za-z0-9_.-]{3,255}$/, "the name of a DynamoDB table")),
    default: undefined,
    doc: "Further regions only: the registry that the first region replicates to this one.",
  }),
  production: setting({
    type: flag,
    default: false,
    doc: "Guards state: deletion protection on, buckets and images not emptied by `pulumi destroy`.",
  }),

  // Admin API
  adminAuth: setting({
    type: z.enum(["iam", "apiKey"], { error: "iam or apiKey" }),
    default: "iam",
    doc: "Who may call the admin API: AWS identities with `execute-api:Invoke`, or holders of `adminApiKey`.",
  }),
  adminApiKey: setting({
    type: optional(matching(/^[\x21-\x7e]{24,256}$/, "24 to 256 printable characters without spaces")),
    default: undefined,
    doc: "Secret. The key of `adminAuth: apiKey`, sent as `x-api-key`.",
  }),

  tags: setting({
    type: z.record(z.string(), z.string(), { error: "a map of texts" }),
    default: {},
    doc: "Tags of every resource, besides `project` and `stack`.",
  }),
  nginxImage: setting({
    type: matching(/^[a-z0-9][a-z0-9./_:@-]{1,254}$/i, "an image reference"),
    default: "nginx:1.30",
    doc: "Base image of the proxy: Debian with nginx and njs.",
  }),
  nodeImage: setting({
    type: matching(/^[a-z0-9][a-z0-9./_:@-]{1,254}$/i, "an image reference"),
    default: "node:24-trixie-slim",
    doc: "Image that the agent's Node runtime is taken from.",
  }),
} as const;

export type InputName = keyof typeof inputDefinitions;
export type Inputs = { [Name in InputName]: z.output<(typeof inputDefinitions)[Name]["type"]> };
export const inputNames = Object.keys(inputDefinitions) as InputName[];

/** Inputs whose values never leave Pulumi's secrets: not shown in errors, not read as plain text. */
export const secretInputs = ["nodes", "adminApiKey"] as const satisfies readonly InputName[];
