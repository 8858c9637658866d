import { type Logger, pino } from "pino";
import type { Output } from "./output";

export type { Logger } from "pino";

/** The agent's own events as JSON lines. */
export function createLogger(output: Output, level: string, fields: Record<string, string>): Logger {
  return pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    output,
  );
}
