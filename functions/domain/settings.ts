import ipaddr from "ipaddr.js";
import { z } from "zod";

/**
 * Every setting of the system, once: name, type, default, and what it means. The environment of the local run
 * (`MAX_LAG_BLOCKS`), the Pulumi config (`maxLagBlocks`), the documentation and the code take it from here.
 */
export interface SettingDefinition<T extends z.ZodType> {
  type: T;
  /** Default on AWS and, unless `local` says otherwise, on one machine. */
  default: z.infer<T>;
  local?: z.infer<T>;
  doc: string;
  /** Where a default or a rule was taken from. */
  source?: string;
}

export function setting<T extends z.ZodType>(definition: SettingDefinition<T>): SettingDefinition<T> {
  return definition;
}

/** Numbers as such (Pulumi config) or written out (environment). Nothing else: `Number("")` and `Number(true)` are numbers. */
const writtenNumber = (pattern: RegExp, error: string) =>
  z.union([z.number(), z.string().regex(pattern).transform(Number)], { error });
export const wholeNumber = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return writtenNumber(/^-?\d{1,16}$/, error).pipe(z.int({ error }).min(min, { error }).max(max, { error }));
};
export const decimal = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return writtenNumber(/^-?\d{1,16}(\.\d{1,16})?$/, error).pipe(
    z.number({ error }).min(min, { error }).max(max, { error }),
  );
};
export const flag = z
  .union([z.boolean(), z.literal(["true", "false"])], { error: "true or false" })
  .transform((value) => value === true || value === "true");
/** Comma-separated in the environment, a list in the Pulumi config. */
export const list = (item: z.ZodType<string>, allowed: string) =>
  z.preprocess(
    (value) =>
      typeof value === "string"
        ? value
            .split(",")
            .map((part) => part.trim())
            .filter(Boolean)
        : value,
    // The list's own words win over what zod says about an item.
    z
      .array(z.unknown(), { error: allowed })
      .max(1000, { error: "at most 1000 entries" })
      .refine((items) => items.every((one) => item.safeParse(one).success), { error: allowed })
      .transform((items) => items as string[]),
  );
const addressOrRange = z
  .string()
  .refine((text) =>
    text.includes("/")
      ? ipaddr.isValidCIDR(text)
      : ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text),
  );
const methodPatterns = () =>
  list(z.string().regex(/^[A-Za-z0-9_*]{1,100}$/), "method names, `*` as wildcard, separated by commas");

export const settingDefinitions = {
  // Health check
  healthCheckIntervalSeconds: setting({
    type: wholeNumber(1, 3600),
    default: 60,
    local: 5,
    doc: "Seconds from the start of one health check to the start of the next.",
  }),
  maxLagBlocks: setting({
    type: wholeNumber(0, 1_000_000),
    default: 10,
    doc: "A node at most this many blocks behind the reference height is healthy.",
  }),
  probeTimeoutSeconds: setting({
    type: decimal(0.1, 60),
    default: 2,
    doc: "Longest wait for all answers of one node to one probe.",
  }),
  unhealthyAfter: setting({
    type: wholeNumber(1, 100),
    default: 2,
    doc: "Bad probes in a row after which a healthy node counts as unhealthy.",
  }),
  healthyAfter: setting({
    type: wholeNumber(1, 100),
    default: 2,
    doc: "Good probes in a row after which an unhealthy node counts as healthy; a new node needs one.",
  }),
  blockTimeSeconds: setting({
    type: decimal(0.01, 3600),
    default: 12,
    doc: "Expected seconds between two blocks until they have been observed.",
  }),
  hedgeShare: setting({
    type: decimal(0, 1),
    default: 0.05,
    doc: "A call that takes longer than 95 % of its node's calls is sent to a second node too, for at most this share of all calls. 0 switches it off; writes are never raced.",
  }),
  cacheMegabytes: setting({
    type: wholeNumber(0, 16_384),
    default: 64,
    doc: "Memory for answers that several calls can share, in each proxy. 0 switches the cache off.",
  }),
  finalityDepthBlocks: setting({
    type: wholeNumber(0, 1_000_000),
    default: 64,
    doc: "Blocks this far below the head no longer change.",
  }),
  allowPrivateNodes: setting({
    type: flag,
    default: false,
    local: true,
    doc: "Nodes may have loopback and private addresses. Link-local and metadata addresses are refused always.",
  }),

  // Release and rollout
  rollout: setting({
    type: z.enum(["reload", "redeploy"], { error: "reload or redeploy" }),
    default: "reload",
    doc: "How a release reaches the proxies: reload (agents pick it up) or redeploy (each release replaces the tasks).",
  }),
  releasePollSeconds: setting({
    type: decimal(0.05, 60),
    default: 2,
    local: 0.25,
    doc: "How often an agent looks for a new release.",
  }),
  rolloutGraceSeconds: setting({
    type: wholeNumber(1, 3600),
    default: 60,
    doc: "A task that has not reported the current release this long after its publication is replaced.",
  }),
  heartbeatSeconds: setting({
    type: decimal(0.1, 300),
    default: 15,
    local: 1,
    doc: "How often an agent reports its task.",
  }),
  drainSeconds: setting({
    type: wholeNumber(0, 3600),
    default: 30,
    local: 2,
    doc: "Longest wait for calls in flight when a task is told to stop.",
  }),

  // Calls
  attemptTimeoutSeconds: setting({
    type: decimal(0.05, 600),
    default: 4,
    doc: "Longest wait for one node's answer to a normal call.",
  }),
  callTimeoutSeconds: setting({
    type: decimal(0.05, 600),
    default: 12,
    doc: "Longest a normal call takes, all attempts together.",
  }),
  broadcastNodes: setting({
    type: wholeNumber(1, 32),
    default: 4,
    doc: "Most nodes that a transaction (`eth_sendRawTransaction`) is sent to at once; the first that accepts it answers.",
  }),
  heavyMethods: setting({
    type: methodPatterns(),
    default: ["debug_*", "trace_*", "arbtrace_*"],
    doc: "Methods whose answers may be large and long in coming: they are streamed to the client instead of being judged first, so another node is asked only when one can't be reached or answers with an HTTP error. They have to be allowed too, see `allowedMethods`.",
  }),
  heavyTimeoutSeconds: setting({
    type: decimal(0.05, 3600),
    default: 60,
    doc: "Longest wait for a node's answer to a heavy method to begin, and between two parts of it. There is no limit on the whole: it lasts while the node goes on and the client reads (30 s without reading end it).",
  }),
  batchLimit: setting({
    type: wholeNumber(1, 10_000),
    default: 100,
    doc: "Most calls in one batch.",
  }),
  maxBodyBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 1024 * 1024,
    doc: "Largest request body.",
  }),
  wholeAnswerBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 16 * 1024 * 1024,
    doc: "Answers up to this size are read whole and judged before they are passed on.",
  }),
  maxAnswerBytes: setting({
    type: wholeNumber(1024, 4 * 1024 * 1024 * 1024),
    default: 256 * 1024 * 1024,
    doc: "Largest answer of a node that is passed on. One to a heavy method is not cut off when its length was not announced.",
  }),
  headPollSeconds: setting({
    type: decimal(0, 60),
    default: 1,
    doc: "How often nodes are asked for their height while clients call their network; calls go to those at the head. 0: never.",
  }),
  halfOpenAfterSeconds: setting({
    type: decimal(0.05, 600),
    default: 1,
    doc: "An ejected node gets one trial call after this time; doubled for each failed trial.",
  }),
  halfOpenMaxSeconds: setting({
    type: decimal(0.05, 3600),
    default: 30,
    doc: "Longest wait between two trial calls to an ejected node.",
  }),
  blockedMethods: setting({
    type: methodPatterns(),
    default: [
      "admin_*",
      "debug_*",
      "trace_*",
      "engine_*",
      "miner_*",
      "personal_*",
      "clique_*",
      "les_*",
      "txpool_*",
      "eth_sign*",
      "eth_sendTransaction",
    ],
    doc: "Methods that are answered with −32601 without asking a node.",
  }),
  allowedMethods: setting({
    type: methodPatterns(),
    default: [],
    doc: "Methods that are served although `blockedMethods` matches them.",
  }),
  // Callers
  requireKeys: setting({
    type: flag,
    default: false,
    doc: "Only callers with a key are served. Keys are made with `POST /keys` of the admin API or `keys create`.",
  }),
  keyRatePerSecond: setting({
    type: decimal(0, 100_000),
    default: 0,
    doc: "Calls a second of a key that names no rate of its own, on each task; each call of a batch counts. 0: no limit.",
  }),
  keyBurst: setting({
    type: wholeNumber(1, 1_000_000),
    default: 100,
    doc: "Calls at once, after a rest, of a key that names no burst of its own.",
  }),
  addressRatePerSecond: setting({
    type: decimal(0, 100_000),
    default: 0,
    doc: "Calls a second of one client address (IPv6: one /64), with or without a key, on each task. 0: no limit.",
  }),
  addressBurst: setting({
    type: wholeNumber(1, 1_000_000),
    default: 100,
    doc: "Calls at once, after a rest, of one client address.",
  }),
  // WebSockets
  maxSocketsPerTask: setting({
    type: wholeNumber(1, 1_000_000),
    default: 10_000,
    doc: "Most WebSockets of a task; more are refused with 503.",
  }),
  maxSocketsPerClient: setting({
    type: wholeNumber(1, 1_000_000),
    default: 500,
    doc: "Most WebSockets of one key, or of one address (IPv6: one /64) without a key, on a task; more are refused with 429.",
  }),
  maxSubscriptionsPerSocket: setting({
    type: wholeNumber(1, 10_000),
    default: 100,
    doc: "Most subscriptions on one WebSocket.",
  }),
  maxFrameBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 1024 * 1024,
    doc: "Largest message that a client may send over a WebSocket; a larger one closes it with 1009.",
  }),
  maxSocketQueueBytes: setting({
    type: wholeNumber(16 * 1024, 1024 * 1024 * 1024),
    default: 4 * 1024 * 1024,
    doc: "A client that leaves more than this unread when there is more to send is cut off with 1008.",
  }),
  maxSocketAnswerBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 64 * 1024 * 1024,
    doc: "Largest answer to a call over a WebSocket; it is held in memory as a whole.",
  }),
  socketPingSeconds: setting({
    type: wholeNumber(1, 3600),
    default: 30,
    doc: "Seconds between two pings on an idle WebSocket; one that answers none is closed.",
  }),
  corsOrigins: setting({
    type: list(
      z.string().regex(/^(\*|https?:\/\/[A-Za-z0-9.:[\]-]{1,253})$/),
      "`*` or origins such as https://app.example.org",
    ),
    default: ["*"],
    doc: "Web origins that may read answers.",
  }),
  trustedProxies: setting({
    type: list(addressOrRange, "addresses or CIDR ranges such as 10.0.0.0/8, separated by commas"),
    default: [],
    doc: "Peers whose X-Forwarded-For is believed.",
  }),
  logRequests: setting({
    type: flag,
    default: true,
    doc: "One JSON log line per request, without params, keys or provider URLs.",
  }),
  logParams: setting({
    type: flag,
    default: false,
    doc: "Log lines of requests carry the params.",
  }),
  logSampleRate: setting({
    type: decimal(0, 1),
    default: 1,
    doc: "Share of the requests without any error that are logged, down to 0.0001; those with an error always are.",
  }),
  logClientAddress: setting({
    type: z.enum(["full", "truncated", "off"], { error: "full, truncated or off" }),
    default: "full",
    doc: "How logs show the client's address: full, truncated (IPv4 to /24, IPv6 to /48), or off.",
  }),
  forwardRequestId: setting({
    type: flag,
    default: false,
    doc: "Nodes are sent the request's id, as `X-Request-Id`.",
  }),
  forwardTraceparent: setting({
    type: flag,
    default: true,
    doc: "A client's `traceparent` is passed on to nodes, if it is well formed; `tracestate` never is.",
    source: "https://www.w3.org/TR/trace-context/",
  }),
  workerProcesses: setting({
    type: wholeNumber(0, 256),
    default: 0,
    doc: "nginx workers of a task; 0 means one per CPU.",
  }),
} as const satisfies Record<string, SettingDefinition<z.ZodType>>;

export type SettingName = keyof typeof settingDefinitions;
export type Settings = {
  [Name in SettingName]: z.output<(typeof settingDefinitions)[Name]["type"]>;
};

export const settingNames = Object.keys(settingDefinitions) as SettingName[];

/** What a task's agent and socket gateway read themselves, from their environment; all else reaches a task in its release. */
export const taskSettingNames = [
  "releasePollSeconds",
  "heartbeatSeconds",
  "drainSeconds",
  "workerProcesses",
  "callTimeoutSeconds",
  "maxSocketsPerTask",
  "maxSocketsPerClient",
  "maxSubscriptionsPerSocket",
  "maxFrameBytes",
  "maxSocketQueueBytes",
  "maxSocketAnswerBytes",
  "socketPingSeconds",
] as const satisfies SettingName[];

/** `maxLagBlocks` → `MAX_LAG_BLOCKS` */
export function environmentName(name: string): string {
  return name.replace(/[A-Z]/g, "_$&").toUpperCase();
}

/** A setting has a value that it can't have. */
export class SettingError extends Error {
  override readonly name = "SettingError";
  constructor(
    readonly variable: string,
    readonly value: unknown,
    readonly allowed: string,
  ) {
    super(`${variable}: ${JSON.stringify(value)} is not allowed: give ${allowed}.`);
  }
}

/** The defaults of one place, with nothing overridden. */
export function defaultSettings(place: "aws" | "local"): Settings {
  return readSettings(
    place,
    () => undefined,
    (name) => name,
  );
}

/**
 * Reads every setting.
 * @param get value of a setting as given, undefined when it is not
 * @param displayName what the setting is called where the operator gave it
 * @throws SettingError naming the first bad one
 */
export function readSettings(
  place: "aws" | "local",
  get: (name: SettingName) => unknown,
  displayName: (name: SettingName) => string,
): Settings {
  const settings: Partial<Record<SettingName, unknown>> = {};
  for (const name of settingNames) {
    const definition: SettingDefinition<z.ZodType> = settingDefinitions[name];
    const given = get(name);
    if (given === undefined) {
      settings[name] =
        place === "local" && definition.local !== undefined ? definition.local : definition.default;
      continue;
    }
    const parsed = definition.type.safeParse(given);
    if (!parsed.success) {
      throw new SettingError(displayName(name), given, parsed.error.issues[0]?.message ?? definition.doc);
    }
    settings[name] = parsed.data;
  }
  assertOrder(settings as Settings, displayName);
  return settings as Settings;
}

/** Pairs of which the first can't be larger than the second. */
const ordered: [SettingName, SettingName][] = [
  ["attemptTimeoutSeconds", "callTimeoutSeconds"],
  ["halfOpenAfterSeconds", "halfOpenMaxSeconds"],
  ["wholeAnswerBytes", "maxAnswerBytes"],
];

function assertOrder(settings: Settings, displayName: (name: SettingName) => string): void {
  for (const [smaller, larger] of ordered) {
    if (settings[smaller] > settings[larger]) {
      throw new SettingError(
        displayName(smaller),
        settings[smaller],
        `at most ${displayName(larger)} (${String(settings[larger])})`,
      );
    }
  }
}

/** Reads every setting from environment variables (`MAX_LAG_BLOCKS`); an empty value counts as not given. */
export function settingsFromEnvironment(
  place: "aws" | "local",
  environment: Record<string, string | undefined>,
): Settings {
  return readSettings(
    place,
    (name) => environment[environmentName(name)]?.trim() || undefined,
    environmentName,
  );
}
