import type { TaskHeartbeat } from "../../../functions/domain/task";
import type { Registry } from "../../../functions/ports/registry";
import { Backoff } from "../backoff";
import { getOverSocket } from "../controlClient";
import { describeError } from "../logs/describeError";
import type { Logger } from "../logs/logger";
import { StateLog } from "../logs/stateLog";
import { withTimeLimit } from "../wait";
import { CounterSums } from "./counters";

const putLimitMs = 3_000;
const statsLimitMs = 1_000;
const deleteLimitMs = 1_000;
const outagePauseMs = 5_000;

type Description = Pick<TaskHeartbeat, "releaseVersion" | "badRelease" | "draining">;

export interface HeartbeatOptions {
  registry: Pick<Registry, "putTask" | "deleteTask">;
  taskId: string;
  intervalMs: number;
  controlSocket: string;
  /** nginx's master, as long as there is one: its counters start from zero with each. */
  master: () => number | undefined;
  /** What to report besides the counters; undefined while there is nothing to report yet. */
  describe: () => Description | undefined;
  logger: Logger;
}

/** Reports the task to the registry. That the registry can't be reached disturbs nothing else. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #state: StateLog;
  readonly #startedAt = new Date().toISOString();
  readonly #counters = new CounterSums();
  /** The master whose counters were taken last. */
  #counted: number | undefined;
  #wake: () => void = () => {};
  #isDue = false;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#state = new StateLog(options.logger, "registry");
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Reports at once: something changed. */
  soon(): void {
    this.#isDue = true;
    this.#wake();
  }

  /** Takes what nginx has counted up to now: it is about to end. */
  count(): Promise<void> {
    return this.#count();
  }

  /** Ends the reports and takes the task out of the registry; calls that count against a node's plan are left there to be added up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await withTimeLimit(this.#running ?? Promise.resolve(), deleteLimitMs, "the last report").catch(() => {});
    const { logger } = this.#options;
    await withTimeLimit(this.#leave(), deleteLimitMs, "leaving the registry").catch((error: unknown) =>
      logger.warn({ reason: describeError(error) }, "task stays in the registry until it expires"),
    );
  }

  async #leave(): Promise<void> {
    const { registry, taskId } = this.#options;
    if (this.#counters.total.creditsByNode === undefined) return registry.deleteTask(taskId);
    await registry.putTask({ ...this.#heartbeat({ releaseVersion: 0, draining: true }), left: true });
  }

  async #run(): Promise<void> {
    const { intervalMs } = this.#options;
    const backoff = new Backoff(intervalMs, Math.max(intervalMs, outagePauseMs));
    while (!this.#stopped) {
      this.#isDue = false;
      let pauseMs = intervalMs;
      try {
        await this.#report();
        backoff.reset();
        this.#state.worked();
      } catch (error) {
        this.#state.failed(error);
        pauseMs = Math.max(backoff.next(), 100);
      }
      await this.#pause(pauseMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopped || this.#isDue) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  async #report(): Promise<void> {
    const { registry, describe } = this.#options;
    await this.#count();
    const described = describe();
    if (!described || this.#stopped) return;
    await withTimeLimit(registry.putTask(this.#heartbeat(described)), putLimitMs, "the registry");
  }

  #heartbeat(described: Description): TaskHeartbeat {
    return {
      taskId: this.#options.taskId,
      ...described,
      startedAt: this.#startedAt,
      reportedAt: new Date().toISOString(),
      counters: this.#counters.total,
    };
  }

  /** Without a master the counters stay what they were: what answers then are workers that it left behind. */
  async #count(): Promise<void> {
    const { master, controlSocket, logger } = this.#options;
    const asked = master();
    if (asked === undefined) return;
    try {
      const { status, body } = await getOverSocket(controlSocket, "/stats", statsLimitMs);
      if (status !== 200 || master() !== asked) return;
      if (this.#counted !== undefined && this.#counted !== asked) this.#counters.restart();
      this.#counted = asked;
      this.#counters.update(body);
    } catch (error) {
      logger.debug({ reason: describeError(error) }, "no counters from nginx");
    }
  }
}
