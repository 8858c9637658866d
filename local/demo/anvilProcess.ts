import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { ProcessGuard } from "../process/processGuard";
import { anvilBinary } from "./anvilBinary";

export interface AnvilOptions {
  /** 0 takes any free one. */
  port: number;
  chainId: number;
  genesisNumber: number;
  genesisTimestamp: number;
  /** A file made by `trimmedState`, instead of an empty chain. */
  stateFile?: string;
}

/** States of recent blocks that a node answers historical calls from; more would cost memory. */
const statesKept = 16;

/** One anvil process that mines only when told to. */
export class AnvilProcess {
  readonly exited: Promise<void>;
  #ended = false;

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {
    this.exited = new Promise((resolve) => {
      child.once("exit", () => {
        this.#ended = true;
        resolve();
      });
    });
  }

  static async start(options: AnvilOptions, guard: ProcessGuard): Promise<AnvilProcess> {
    const child = spawn(anvilBinary(), anvilArguments(options), {
      // A session of its own: Ctrl-C in a terminal is for us, who end it in order.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      // RUST_LOG and the like would change what anvil prints.
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    });
    guard.watch(child);
    return new AnvilProcess(child, await listeningPort(child));
  }

  get pid(): number {
    return this.child.pid!;
  }
  get ended(): boolean {
    return this.#ended;
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }
}

function anvilArguments(options: AnvilOptions): string[] {
  const given: Record<string, string | number> = {
    "--host": "127.0.0.1",
    "--port": options.port,
    "--chain-id": options.chainId,
    "--number": options.genesisNumber,
    "--timestamp": options.genesisTimestamp,
    "--threads": 1,
    // Blocks must come out the same on every replica: transactions in the order in which we hand them over.
    "--order": "fifo",
    "--prune-history": statesKept,
    "--transaction-block-keeper": 256,
    ...(options.stateFile ? { "--load-state": options.stateFile } : {}),
  };
  return ["--no-mining", ...Object.entries(given).flatMap(([name, value]) => [name, String(value)])];
}

/** anvil says on stdout where it listens; how it complains goes into the error. */
async function listeningPort(child: ChildProcess): Promise<number> {
  let output = "";
  const found = new Promise<number>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const port = /Listening on [^\n]*:(\d+)/.exec(output)?.[1];
      if (!port) return;
      child.stdout?.off("data", read);
      resolve(Number(port));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
    });
  });
  const failed = Promise.race([once(child, "exit"), once(child, "error")]).then(() => {
    throw new Error(`anvil did not start: ${output.trim().split("\n").at(-1) ?? "no output"}`);
  });
  failed.catch(() => {});
  const port = await Promise.race([found, failed]);
  // It writes a line for each call; unread, the pipe would fill and stop it.
  child.stdout?.resume();
  child.stderr?.resume();
  return port;
}
