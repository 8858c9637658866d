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

/** Whether a terminal can be had for tests: script(1) makes one. */
export async function hasTerminal(): Promise<boolean> {
  const child = spawn("script", ["--version"], { stdio: "ignore" });
  const [code] = (await once(child, "exit").catch(() => [1])) as [number];
  return code === 0;
}

/** The command on a terminal; what is written to its standard input is typed there. */
export function startOnTerminal(args: string[], environment: Record<string, string> = {}): ChildProcess {
  const quoted = args.map((argument) => `'${argument.replaceAll("'", "'\\''")}'`).join(" ");
  return spawn("script", ["-qec", `exec ${process.execPath} cli/start.cjs ${quoted}`, "/dev/null"], {
    cwd: project,
    env: { ...process.env, TERM: "xterm", ...environment },
    stdio: "pipe",
  });
}

/** As `runCli`; a terminal shows what goes to stdout and to stderr as one. */
export async function runOnTerminal(args: string[], { environment }: CliOptions = {}): Promise<CliResult> {
  const child = startOnTerminal(args, environment);
  let shown = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    shown += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout: shown.replaceAll("\r\n", "\n"), stderr: "" };
}

export function startCli(args: string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ["cli/start.cjs", ...args], {
    cwd: project,
    env: { ...process.env, ...environment },
    stdio: "pipe",
  });
}
