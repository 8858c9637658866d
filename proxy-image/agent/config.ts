import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { settingsFromEnvironment } from "../../functions/domain/settings";
import { availableMemory, callsThatFit } from "./nginx/callsThatFit";

/** Longest path of a unix socket that every system takes, less the name of ours. */
const longestRunDirectory = 90;

const port = z.coerce.number().pipe(z.int().min(1).max(65535));
const commandJson = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "a JSON array of strings" });
      return z.NEVER;
    }
  })
  .pipe(z.array(z.string().min(1)).min(1));

const environmentShape = z.object({
  REGISTRY_TABLE: z.string().min(3),
  RELEASE_BUCKET: z.string().min(3),
  AWS_REGION: z.string().optional(),
  GATEWAY_REGION: z.string().optional(),
  PORT: port.default(8545),
  METRICS_PORT: port.optional(),
  RUN_DIRECTORY: z.string().min(1).max(longestRunDirectory).default("/run/jsonrpc-gateway"),
  NGINX_COMMAND: commandJson.default(["nginx"]),
  NGINX_MODULE: z.string().min(1).default("/usr/lib/nginx/modules/ngx_http_js_module.so"),
  NJS_DIRECTORY: z.string().min(1).optional(),
  SOCKETS_FILE: z.string().min(1).optional(),
  /** Name servers for nginx, separated by spaces; default those of the machine. */
  RESOLVER: z.string().min(1).optional(),
  /** File of certificate authorities; default the machine's, else Node's. */
  TRUSTED_CERTIFICATES: z.string().min(1).optional(),
  /** `true`: drains when its parent process is gone. */
  STOP_WITH_PARENT: z.enum(["true", "false"]).default("false"),
  /**
   * Seconds of the drain time for which a task goes on serving after its health check turned 503, for a load balancer to
   * notice. Default 5 on ECS, 0 elsewhere.
   */
  SERVE_ON_SECONDS: z.coerce.number().min(0).max(600).optional(),
  /** Set by ECS. */
  ECS_CONTAINER_METADATA_URI_V4: z.string().optional(),
  ACCESS_LOG_LIMIT_BYTES: z.coerce
    .number()
    .min(4096)
    .default(16 * 1024 * 1024),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

/** What the agent is told by its environment. */
export type AgentConfig = ReturnType<typeof readConfig>;

/** A variable has a value that it can't have. The value is not shown: it may be a secret in the wrong place. */
class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** @throws ConfigError, SettingError naming the variable */
export function readConfig(environment: NodeJS.ProcessEnv) {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentShape.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ConfigError(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const values = parsed.data;
  const settings = settingsFromEnvironment("aws", given);
  const runDirectory = resolve(values.RUN_DIRECTORY);
  return {
    registryTable: values.REGISTRY_TABLE,
    releaseBucket: values.RELEASE_BUCKET,
    region: values.GATEWAY_REGION ?? values.AWS_REGION ?? "local",
    port: values.PORT,
    metricsPort: values.METRICS_PORT,
    runDirectory,
    agentSocket: join(runDirectory, "agent.sock"),
    controlSocket: join(runDirectory, "control.sock"),
    nginxCommand: values.NGINX_COMMAND,
    nginxModule: values.NGINX_MODULE,
    /** Lies beside the agent's bundle in the image. */
    njsDirectory: values.NJS_DIRECTORY ?? join(dirname(resolve(process.argv[1] ?? ".")), "njs"),
    /** The socket gateway; lies beside the agent's bundle. */
    socketsFile: values.SOCKETS_FILE ?? join(dirname(resolve(process.argv[1] ?? ".")), "sockets.js"),
    resolver: values.RESOLVER,
    trustedCertificates: values.TRUSTED_CERTIFICATES,
    workers: settings.workerProcesses || availableParallelism(),
    callsInFlight: settings.maxCallsInFlight || callsThatFit(availableMemory()),
    stopWithParent: values.STOP_WITH_PARENT === "true",
    releasePollMs: settings.releasePollSeconds * 1000,
    heartbeatMs: settings.heartbeatSeconds * 1000,
    drainMs: settings.drainSeconds * 1000,
    serveOnMs: (values.SERVE_ON_SECONDS ?? (values.ECS_CONTAINER_METADATA_URI_V4 ? 5 : 0)) * 1000,
    accessLogLimitBytes: values.ACCESS_LOG_LIMIT_BYTES,
    logLevel: values.LOG_LEVEL,
  };
}
