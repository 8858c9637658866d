import path from "node:path";
import { settingsFromEnvironment } from "../../functions/domain/settings";
import { startSockets } from "./start";

/**
 * The gateway process: WebSockets of clients, behind nginx. Started by the agent with `RUN_DIRECTORY`, and the settings in capitals.
 * SIGTERM drains it.
 */
async function main(): Promise<void> {
  const runDirectory = process.env.RUN_DIRECTORY;
  if (!runDirectory) throw new Error("RUN_DIRECTORY is missing: the folder of the task's sockets.");
  const settings = settingsFromEnvironment("aws", process.env);
  const sockets = await startSockets({
    listen: { path: path.join(runDirectory, "sockets.sock") },
    calls: { socketPath: path.join(runDirectory, "calls.sock") },
    poolFile: process.env.POOL_FILE ?? path.join(runDirectory, "pool.json"),
    limits: settings,
    drainSeconds: settings.drainSeconds,
    callTimeoutSeconds: settings.callTimeoutSeconds,
    maxAnswerBytes: settings.maxSocketAnswerBytes,
  });
  const stop = () => {
    void sockets.stop().finally(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${JSON.stringify({ level: "fatal", message: String(error) })}\n`);
  process.exit(1);
});
