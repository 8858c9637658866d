import { createDynamoClient, createS3Client } from "../../functions/adapters/awsClients";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { createS3ReleaseStore } from "../../functions/adapters/s3ReleaseStore";
import { systemClock } from "../../functions/adapters/systemClock";
import { releaseSha256 } from "../../functions/domain/render/renderRelease";
import { Agent } from "./agent";
import { type AgentConfig, readConfig } from "./config";
import { describeError } from "./logs/describeError";
import { createLogger } from "./logs/logger";
import { Output } from "./logs/output";
import { findTaskId } from "./machine";
import { watchParent } from "./parentWatch";
import { builtInFiles } from "./release/builtIn";

/** The agent decides itself when to try again, so that it never waits for a store or registry that hangs. */
const clientLimits = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
};
const flushLimitMs = 500;

async function main(): Promise<void> {
  const output = new Output();
  const config = readConfigOrExit();
  const taskId = await findTaskId(process.env);
  const log = createLogger(output, config.logLevel, { taskId });
  const logger = log.child({ source: "agent" });
  const agent = new Agent({
    config,
    taskId,
    store: createS3ReleaseStore(createS3Client(clientLimits), config.releaseBucket),
    registry: createDynamoRegistry({
      client: createDynamoClient(clientLimits),
      tableName: config.registryTable,
      region: config.region,
      clock: systemClock,
    }),
    sha256: releaseSha256,
    builtIn: builtInFiles,
    output,
    logger,
    nginxLogger: log.child({ source: "nginx" }),
  });

  let ending = false;
  const end = async (why: string, code: number): Promise<void> => {
    if (ending) return; // a terminal signals everybody, and so does our parent: once is enough
    ending = true;
    logger.info({ why }, "stopping");
    await agent
      .stop()
      .catch((error: unknown) => logger.error({ reason: describeError(error) }, "stopping failed"));
    logger.info("stopped");
    await output.flush(flushLimitMs);
    process.exit(code);
  };
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => void end(name, 0));
  process.on("SIGUSR1", () => {}); // Node would open its debugger
  process.removeAllListeners("warning"); // Node would write them to stderr as text
  process.on("warning", (warning) => logger.debug({ reason: describeError(warning) }, "warning of Node"));
  process.on("uncaughtException", (error) => {
    logger.fatal({ reason: describeError(error), stack: error.stack }, "fault in the agent");
    void end("fault", 1);
  });
  if (config.stopWithParent) watchParent(() => void end("parent is gone", 0));

  try {
    await agent.start();
  } catch (error) {
    if (!ending) logger.fatal({ reason: describeError(error) }, "the proxy can't be started");
    await end("start failed", 1);
  }
}

function readConfigOrExit(): AgentConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

void main();
