import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

interface Outcome {
  result?: unknown;
  error?: string;
}

/** A function's unpacked archive, running in a plain Node process with nothing else of the project. */
export class ArchiveLambda {
  /** What it wrote to its log. */
  log = "";
  readonly #process: ChildProcess;
  readonly #waiting: ((outcome: Outcome) => void)[] = [];

  constructor(folder: string, environment: Record<string, string>) {
    this.#process = spawn(process.execPath, [join(__dirname, "lambdaHost.cjs")], {
      cwd: folder,
      // Nothing of ours: no NODE_PATH, no loader. Above the folder there is no node_modules.
      env: { PATH: process.env.PATH, ...environment },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    const note = (text: Buffer) => {
      this.log += text;
    };
    this.#process.stdout!.on("data", note);
    this.#process.stderr!.on("data", note);
    createInterface({ input: this.#process.stdio[3] as Readable }).on("line", (line) =>
      this.#waiting.shift()?.(JSON.parse(line) as Outcome),
    );
    this.#process.on("exit", () => {
      for (const answer of this.#waiting.splice(0)) answer({ error: `It ended.\n${this.log}` });
    });
  }

  /** One event after the other, as in one execution environment. @throws what the handler throws */
  async invoke<Result>(event: unknown): Promise<Result> {
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin!.write(`${JSON.stringify(event)}\n`);
    });
    if (outcome.error !== undefined) throw new Error(`${outcome.error}\n${this.log}`);
    return outcome.result as Result;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }
}
