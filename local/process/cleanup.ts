import { setTimeout as sleep } from "node:timers/promises";

interface Entry {
  what: string;
  close: () => Promise<void> | void;
  limitMs: number;
}

/** What has been started and must be ended, last first. */
export class Cleanup {
  readonly #entries: Entry[] = [];
  #running: Promise<void> | undefined;

  /** @param onFailure told of what could not be ended; the rest is ended nevertheless */
  constructor(private readonly onFailure: (what: string, error: unknown) => void) {}

  /** Once the end has begun, what comes late is ended at once. */
  defer(what: string, close: () => Promise<void> | void, limitMs = 2000): void {
    const entry = { what, close, limitMs };
    if (this.#running) this.#running = Promise.all([this.#running, this.#close(entry)]).then(() => {});
    else this.#entries.push(entry);
  }

  /** Ends everything, however often it is asked to. */
  async run(): Promise<void> {
    this.#running ??= this.#closeAll();
    await this.#running;
  }

  async #closeAll(): Promise<void> {
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) await this.#close(entry);
  }

  async #close({ what, close, limitMs }: Entry): Promise<void> {
    const limit = new AbortController();
    try {
      const tooLong = sleep(limitMs, undefined, { signal: limit.signal }).then(() => {
        throw new Error(`took longer than ${limitMs} ms`);
      });
      tooLong.catch(() => {});
      await Promise.race([Promise.resolve().then(close), tooLong]);
    } catch (error) {
      this.onFailure(what, error);
    } finally {
      limit.abort();
    }
  }
}
