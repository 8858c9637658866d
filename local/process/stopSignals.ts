/** A second signal within this time is the same one: npm passes on what the terminal has sent us already. */
const sameSignalMs = 1000;

/**
 * Waits for SIGINT, SIGTERM or SIGHUP. The first asks for an orderly end; a later one wants it at once.
 */
export class StopSignals {
  readonly #controller = new AbortController();
  #first: number | undefined;

  constructor(force: () => void) {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        this.#first ??= Date.now();
        if (this.#controller.signal.aborted && Date.now() - this.#first > sameSignalMs) force();
        this.#controller.abort();
      });
    }
  }

  get requested(): AbortSignal {
    return this.#controller.signal;
  }

  /** As if a signal had come. */
  request(): void {
    this.#first ??= Date.now();
    this.#controller.abort();
  }

  /**
   * Whether what went wrong is a consequence of a signal: a terminal's Ctrl-C reaches our compiler too, which may fail
   * before we are told of the signal.
   */
  async explainsFault(): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return this.#controller.signal.aborted;
  }

  /** Settles when an end was asked for. */
  async wait(): Promise<void> {
    const { signal } = this.#controller;
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
}
