import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const project = path.resolve(__dirname, "../..");

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  environment?: Record<string, string>;
  stdin?: string;
}

/** The command as its users start it, off a terminal. */
export async function runCli(args: string[], { environment, stdin }: CliOptions = {}): Promise<CliResult> {
  const child = startCli(args, environment);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin?.end(stdin ?? "");
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout, stderr };
}

export function startCli(args: string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ["cli/start.cjs", ...args], {
    cwd: project,
    env: { ...process.env, ...environment },
    stdio: "pipe",
  });
}
