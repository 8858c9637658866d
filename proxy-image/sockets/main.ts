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
    calls: { socketPath: path.join(runDirectory, "front.sock") },
    poolFile: path.join(runDirectory, "current", "pool.json"),
    keysFile: path.join(runDirectory, "keys.json"),
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
  // The agent holds the other end: when it is gone, so is what this process is for.
  process.stdin
    .on("end", () => process.exit(0))
    .on("error", () => process.exit(0))
    .resume();
}

main().catch((error: unknown) => {
  process.stderr.write(`${JSON.stringify({ level: "fatal", message: String(error) })}\n`);
  process.exit(1);
});
