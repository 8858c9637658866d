/** Fields of a log line. Never a secret: node ids and redacted texts only. */
export type LogFields = Record<string, unknown>;

/** Structured log; a pino logger is one. */
export interface Log {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
