import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceDeployer } from "../../functions/ports/serviceDeployer";
import type { Logger } from "../terminal/log";
import { AgentProcess, type AgentProcessOptions } from "./agentProcess";

const shortestPauseMs = 200;
const longestPauseMs = 5000;
/** An agent that ran this long was fine: its end starts a new count. */
const stableMs = 10_000;
const healthyLimitMs = 20_000;
/** What an agent takes to end nginx once it has drained. */
const endMs = 1500;

/** The one task of this machine: what ECS is on AWS. */
export class LocalDeployer implements ServiceDeployer {
  #agent: AgentProcess | undefined;
  #deploying = false;
  #stopped = false;

  constructor(
    private readonly options: AgentProcessOptions & { drainMs: number },
    private readonly logger: Logger,
  ) {}

  /** Starts the agent and resolves when it serves. @throws when it does not in time */
  async start(): Promise<void> {
    this.#launch();
    await this.#untilHealthy();
  }

  /**
   * Begins to replace the agent and returns, as ECS does. Both would need the same port, so the old one goes first here;
   * it lets its calls finish. Clients may see refused connections until the new one is up.
   */
  async forceNewDeployment(reason: string): Promise<void> {
    if (this.#deploying || this.#stopped) return;
    this.#deploying = true;
    this.logger.info({ reason }, "replacing the proxy task");
    void this.#replace()
      .catch((error: unknown) =>
        this.logger.error({ reason: String(error) }, "the new proxy task does not serve"),
      )
      .finally(() => {
        this.#deploying = false;
      });
  }

  async #replace(): Promise<void> {
    const old = this.#agent;
    this.#agent = undefined;
    await old?.stop(this.#stopLimitMs);
    this.#launch();
    await this.#untilHealthy();
  }

  async describe(): Promise<{ desiredTasks: number; runningTasks: number; deploymentInProgress: boolean }> {
    const isRunning = this.#agent !== undefined && !this.#agent.ended;
    return { desiredTasks: 1, runningTasks: isRunning ? 1 : 0, deploymentInProgress: this.#deploying };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const agent = this.#agent;
    this.#agent = undefined;
    await agent?.stop(this.#stopLimitMs);
  }

  get #stopLimitMs(): number {
    return this.options.drainMs + endMs;
  }

  #launch(pauseMs = shortestPauseMs): void {
    if (this.#stopped) return;
    const started = Date.now();
    const agent = new AgentProcess(this.options);
    this.#agent = agent;
    void agent.exited.then(async (how) => {
      if (this.#agent !== agent || this.#stopped) return;
      this.logger.error({ how }, "the agent ended by itself and is started again");
      const pause = Date.now() - started >= stableMs ? shortestPauseMs : pauseMs;
      await sleep(pause);
      if (this.#agent === agent) this.#launch(Math.min(pause * 2, longestPauseMs));
    });
  }

  async #untilHealthy(): Promise<void> {
    const deadline = Date.now() + healthyLimitMs;
    while (!this.#stopped) {
      if (await this.#agent?.isHealthy()) return;
      if (Date.now() >= deadline)
        throw new Error(`The proxy does not serve within ${healthyLimitMs / 1000} s.`);
      await sleep(50);
    }
  }
}
