import { type ChildProcess, execFile } from "node:child_process";

export interface CommandResult {
  /** Exit status; `undefined` when the command could not be started or took too long. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();
let stopped = false;

/** Breaks off every command that is under way, and starts no other: this process is about to end. */
export function stopCommands(): void {
  stopped = true;
  for (const child of running) child.kill("SIGTERM");
}

/** Runs a command to its end. Never throws: what went wrong is in `code` and `stderr`. */
export function run(
  command: readonly string[],
  options: { timeoutMs: number; environment?: NodeJS.ProcessEnv; directory?: string },
): Promise<CommandResult> {
  const [file = "", ...args] = command;
  if (stopped) return Promise.resolve({ code: undefined, stdout: "", stderr: `${file} was not started` });
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      {
        cwd: options.directory,
        timeout: options.timeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, LC_ALL: "C", ...options.environment },
      },
      (error, stdout, stderr) => {
        running.delete(child);
        if (!error) return resolve({ code: 0, stdout, stderr });
        const code = typeof error.code === "number" ? error.code : undefined;
        const why = error.killed ? `${file} took longer than ${options.timeoutMs} ms` : error.message;
        resolve({ code, stdout, stderr: code === undefined ? `${stderr}${why}` : stderr });
      },
    );
    running.add(child);
  });
}

/** The line that says what went wrong: the last one that is not empty. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
