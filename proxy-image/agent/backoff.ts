/**
 * Waiting times that double from `firstMs` to `mostMs`, each with up to half of it taken off at random, so that tasks
 * that failed together do not come back together.
 */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** How long to wait after one more failure. */
  next(): number {
    const full = Math.min(this.firstMs * 2 ** this.#failures, this.mostMs);
    if (full < this.mostMs) this.#failures++;
    return full * (1 - this.random() / 2);
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}
