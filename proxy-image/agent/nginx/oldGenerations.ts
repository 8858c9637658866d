import type { Logger } from "../logs/logger";
import { isShuttingDown, type Process, signal } from "./processes";

/**
 * Workers of a replaced configuration live on while clients hold connections to them. Releases that follow each other
 * quickly would let them pile up, each with its memory: above this number of generations the oldest is ended.
 */
const mostGenerations = 12;

/** Keeps the number of generations of old workers bounded. */
export class OldGenerations {
  /** Process numbers of each generation that is shutting down, oldest first. */
  #generations: Set<number>[] = [];

  constructor(
    private readonly logger: Logger,
    private readonly end: (pid: number) => void = (pid) => signal(pid, "SIGTERM"),
  ) {}

  get count(): number {
    return this.#generations.length;
  }

  /** To be called after each reload, and now and then, with all workers of the master. */
  update(workers: readonly Process[]): void {
    const leaving = new Set(workers.filter(isShuttingDown).map(({ pid }) => pid));
    const known = new Set(this.#generations.flatMap((generation) => [...generation]));
    this.#generations = this.#generations
      .map((generation) => new Set([...generation].filter((pid) => leaving.has(pid))))
      .filter((generation) => generation.size > 0);
    const fresh = [...leaving].filter((pid) => !known.has(pid));
    if (fresh.length > 0) this.#generations.push(new Set(fresh));
    while (this.#generations.length > mostGenerations) {
      const oldest = [...(this.#generations.shift() ?? [])];
      this.logger.warn({ pids: oldest }, "too many generations of workers: ending the oldest");
      for (const pid of oldest) this.end(pid);
    }
  }
}
