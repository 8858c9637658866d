import { redactText } from "../../../functions/domain/redact";
import { LineSplitter } from "./lineSplitter";
import type { Logger } from "./logger";

/** A node that fails makes nginx write a line per attempt: above this rate lines are counted, not shown. */
const linesPerSecond = 50;
const longestLine = 4096;

const levels: Record<string, "debug" | "info" | "warn" | "error" | "fatal"> = {
  debug: "debug",
  info: "info",
  notice: "info",
  warn: "warn",
  error: "error",
  crit: "error",
  alert: "error",
  emerg: "fatal",
};

/**
 * nginx's error log as log events. nginx prints the URLs of nodes and the request lines of clients, keys included:
 * every line is redacted.
 * @returns what takes nginx's stderr
 */
export function createErrorLog(
  logger: Logger,
  redact: (text: string) => string = redactText,
  now: () => number = Date.now,
): LineSplitter {
  let windowStart = 0;
  let inWindow = 0;
  let suppressed = 0;
  return new LineSplitter((line) => {
    const time = now();
    if (time - windowStart >= 1000) {
      if (suppressed > 0) logger.warn({ count: suppressed }, "nginx log lines suppressed");
      windowStart = time;
      inWindow = 0;
      suppressed = 0;
    }
    if (++inWindow > linesPerSecond) {
      suppressed++;
      return;
    }
    const { level, message } = readLine(line);
    logger[level](redact(message));
  }, longestLine);
}

/** `2026/11/21 11:30:00 [error] 12#12: *3 message` or, before the log is open, `nginx: [emerg] message` */
export function readLine(line: string): {
  level: "debug" | "info" | "warn" | "error" | "fatal";
  message: string;
} {
  const match = /^(?:[\d/]+ [\d:]+ |nginx: )?\[([a-z]+)\] (?:\d+#\d+: )?(?:\*\d+ )?(.*)$/.exec(line);
  const level = levels[match?.[1] ?? ""];
  return level && match ? { level, message: match[2] ?? "" } : { level: "info", message: line };
}
