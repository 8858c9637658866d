import { execFile } from "node:child_process";
import { nginxArguments } from "./supervisor";

export type TestOutcome =
  | { verdict: "good" }
  /** nginx refuses it and would refuse it again. */
  | { verdict: "bad"; complaint: string }
  /** It could not be tested now. */
  | { verdict: "unknown"; complaint: string };

const testLimitMs = 20_000;
const longestComplaint = 500;
/** Faults of the machine, not of the configuration. */
const passing = /no space left|cannot allocate memory|too many open files|resource temporarily unavailable/i;

/** Lets nginx test a configuration. @param redact is applied to its complaint */
export function testConfiguration(
  command: readonly string[],
  runDirectory: string,
  configurationPath: string,
  redact: (text: string) => string,
): Promise<TestOutcome> {
  const [file = "", ...args] = command;
  return new Promise((resolve) => {
    execFile(
      file,
      [...args, ...nginxArguments(runDirectory, configurationPath), "-t"],
      { timeout: testLimitMs, killSignal: "SIGKILL", maxBuffer: 4 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) return resolve({ verdict: "good" });
        const hasExited = typeof error.code === "number";
        const complaint = redact(
          hasExited ? emergency(stdout + stderr) : "nginx could not be run to test it",
        );
        const verdict = hasExited && !passing.test(stderr) ? "bad" : "unknown";
        resolve({ verdict, complaint: complaint.slice(0, longestComplaint) });
      },
    );
  });
}

/** The line that says what is wrong; the others repeat the path of the file. */
function emergency(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => /\[emerg\]|\[crit\]|\[alert\]/.test(text)) ?? lines.at(-1) ?? "refused";
  return line.replace(/^.*\[(?:emerg|crit|alert)\] (?:\d+#\d+: )?/, "");
}
