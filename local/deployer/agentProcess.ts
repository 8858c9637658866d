import { type ChildProcess, spawn } from "node:child_process";
import http from "node:http";
import path from "node:path";
import readline from "node:readline";
import type { ProcessGuard } from "../process/processGuard";

export interface AgentProcessOptions {
  agentFile: string;
  runDirectory: string;
  environment: Record<string, string>;
  guard: ProcessGuard;
  /** Where its log lines go. */
  lines: "inherit" | ((line: string) => void);
  /** Gets what it prints besides its log, which is a fault. */
  onStderr: (line: string) => void;
}

/** One agent with the nginx that it supervises. */
export class AgentProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<string>;
  #ended = false;

  constructor(private readonly options: AgentProcessOptions) {
    const { agentFile, environment, guard, lines, onStderr } = options;
    this.#child = spawn(process.execPath, ["--enable-source-maps", agentFile], {
      // A session of its own: Ctrl-C in a terminal is for us, who end it in order.
      detached: true,
      stdio: ["ignore", lines === "inherit" ? "inherit" : "pipe", "pipe"],
      env: environment,
    });
    guard.watch(this.#child);
    this.exited = new Promise((resolve) => {
      const end = (how: string) => {
        this.#ended = true;
        resolve(how);
      };
      this.#child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
      this.#child.once("error", (error) => end(error.message));
    });
    if (this.#child.stdout && typeof lines === "function") {
      readline.createInterface({ input: this.#child.stdout }).on("line", lines);
    }
    if (this.#child.stderr) readline.createInterface({ input: this.#child.stderr }).on("line", onStderr);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it says that clients can be sent to it. */
  isHealthy(): Promise<boolean> {
    return new Promise((resolve) => {
      const request = http.get(
        { socketPath: path.join(this.options.runDirectory, "agent.sock"), path: "/health", timeout: 1000 },
        (response) => {
          response.resume();
          resolve(response.statusCode === 200);
        },
      );
      request.once("timeout", () => request.destroy());
      request.once("error", () => resolve(false));
    });
  }

  /** Lets it drain for at most `limitMs`, then ends it for certain. */
  async stop(limitMs: number): Promise<void> {
    if (this.#ended) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), limitMs);
    await this.exited;
    clearTimeout(timer);
  }
}
