import { describeError } from "./describeError";
import type { Logger } from "./logger";

/** One failure is an accident, two in a row are a state. */
const failuresToTell = 2;

/** Says that something stopped working, and that it works again, instead of saying so at each try. */
export class StateLog {
  #failingSince = 0;
  #failures = 0;

  constructor(
    private readonly logger: Logger,
    private readonly what: string,
  ) {}

  failed(error: unknown): void {
    if (this.#failures === 0) this.#failingSince = Date.now();
    if (++this.#failures === failuresToTell) {
      this.logger.warn({ reason: describeError(error) }, `${this.what} can't be reached`);
    }
  }

  worked(): void {
    if (this.#failures >= failuresToTell) {
      const seconds = Math.round((Date.now() - this.#failingSince) / 1000);
      this.logger.info({ seconds }, `${this.what} is reached again`);
    }
    this.#failures = 0;
  }
}
