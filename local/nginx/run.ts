import { execFile } from "node:child_process";

export interface CommandResult {
  /** Exit status; `undefined` when the command could not be started or took too long. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. Never throws: what went wrong is in `code` and `stderr`. */
export function run(
  command: readonly string[],
  options: { timeoutMs: number; environment?: NodeJS.ProcessEnv },
): Promise<CommandResult> {
  const [file = "", ...args] = command;
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      {
        timeout: options.timeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, LC_ALL: "C", ...options.environment },
      },
      (error, stdout, stderr) => {
        if (!error) return resolve({ code: 0, stdout, stderr });
        const code = typeof error.code === "number" ? error.code : undefined;
        const why = error.killed ? `${file} took longer than ${options.timeoutMs} ms` : error.message;
        resolve({ code, stdout, stderr: code === undefined ? `${stderr}${why}` : stderr });
      },
    );
  });
}

/** The line that says what went wrong: the last one that is not empty. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
