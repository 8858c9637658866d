import path from "node:path";
import { redactText } from "../functions/domain/redact";
import { SettingError } from "../functions/domain/settings";
import { helpText } from "./configuration/help";
import { type LocalConfiguration, readConfiguration } from "./configuration/readConfiguration";
import { misspeltVariables } from "./configuration/variables";
import { agentRunDirectory } from "./deployer/runDirectory";
import { NginxUnavailableError } from "./nginx/ensureNginx";
import { Cleanup } from "./process/cleanup";
import { lockDataDirectory } from "./process/dataDirectoryLock";
import { assertPortIsFree } from "./process/freePort";
import { endOrphanedNginx } from "./process/orphans";
import { ProcessGuard } from "./process/processGuard";
import { StartError } from "./process/startError";
import { StopSignals } from "./process/stopSignals";
import { JsonView } from "./terminal/jsonView";
import { TerminalView } from "./terminal/terminalView";
import type { View } from "./terminal/view";

/** What a killed run left behind ends by itself within this time. */
const afterCrashMs = 8000;

// First of all: a signal that comes while the rest is set up must find somebody.
const stop = new StopSignals(() => process.exit(130));

async function main(): Promise<number> {
  const wish = readArguments(process.argv.slice(2));
  if (wish !== undefined) return wish;
  const configuration = readConfiguration(process.env, path.join(__dirname, ".."));
  for (const line of misspeltVariables(process.env)) process.stderr.write(`${line}\n`);
  const view: View = process.stdout.isTTY ? new TerminalView() : new JsonView();
  const cleanup = new Cleanup((what, error) => {
    view.logger.warn({ what, reason: redactText(String(error)) }, "could not be ended in order");
  });
  let fault: unknown;
  process.on("uncaughtException", async (error) => {
    if (await stop.explainsFault()) return;
    fault ??= error;
    view.logger.fatal({ reason: redactText(String(error)), stack: redactText(error.stack ?? "") }, "fault");
    stop.request();
  });
  try {
    await Promise.race([run(configuration, view, cleanup), stop.wait()]);
    await stop.wait();
  } finally {
    view.stopping();
    await cleanup.run();
    await view.close();
  }
  return fault === undefined ? 0 : 1;
}

async function run(configuration: LocalConfiguration, view: View, cleanup: Cleanup): Promise<void> {
  const { dataDirectory, port, adminPort } = configuration;
  const lock = lockDataDirectory(dataDirectory);
  cleanup.defer("lock", lock.release);
  const guard = new ProcessGuard();
  cleanup.defer("guard", () => guard.close(), 7000);
  if (lock.afterCrash) await endOrphanedNginx(agentRunDirectory(dataDirectory));
  const waitMs = lock.afterCrash ? afterCrashMs : 0;
  await assertPortIsFree("PORT", port, { host: "0.0.0.0", waitMs });
  await assertPortIsFree("ADMIN_PORT", adminPort, { host: "127.0.0.1", waitMs });
  // Loaded late: it is nearly all of the code, and what can be refused is refused before it.
  const { Gateway } = require("./gateway") as typeof import("./gateway");
  await new Gateway(configuration, view, cleanup, guard).start();
}

/** @returns the exit code, if that is all */
function readArguments(given: string[]): number | undefined {
  if (given.length === 0) return undefined;
  if (given.every((argument) => argument === "--help" || argument === "-h")) {
    process.stdout.write(`${helpText(process.stdout.columns)}\n`);
    return 0;
  }
  process.stderr.write(
    `${given.find((argument) => !/^(--help|-h)$/.test(argument))} is not known: what can be set is in the environment, see npm start -- --help\n`,
  );
  return 1;
}

/** One line for what the operator can do something about; a stack for what is our fault. */
function explain(error: unknown): string {
  if (error instanceof SettingError) {
    const value = typeof error.value === "string" ? error.value : JSON.stringify(error.value);
    const shown = redactText(value ?? "").slice(0, 200);
    return `${error.variable}: ${JSON.stringify(shown)} is not allowed: give ${error.allowed}.`;
  }
  if (error instanceof StartError || error instanceof NginxUnavailableError) return error.message;
  return redactText(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

main().then(
  (code) => process.exit(code),
  async (error: unknown) => {
    if (await stop.explainsFault()) process.exit(0);
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  },
);
