import { type Logger, pino } from "pino";
import { Output } from "../../proxy-image/agent/logs/output";

export type { Logger } from "pino";

/** JSON lines on stdout, as the agent writes them. Never waits for a slow reader. */
export function createJsonLogger(output: Output = new Output()): Logger {
  return pino(
    {
      base: { source: "runner" },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    output,
  );
}
