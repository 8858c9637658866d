import { redactText } from "../../../functions/domain/redact";

const longest = 300;

/** An error in one line, for a log: name and message, nothing else of it, redacted. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return redactText(String(error)).slice(0, longest);
  const code = (error as NodeJS.ErrnoException).code;
  const text = `${error.name}: ${error.message}`;
  return redactText(code && !text.includes(code) ? `${text} (${code})` : text).slice(0, longest);
}
