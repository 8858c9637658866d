import { describeError } from "./describeError";
import type { Logger } from "./logger";

/** Says that something stopped working, and that it works again, instead of saying so at each try. */
export class StateLog {
  #failingSince: number | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly what: string,
  ) {}

  failed(error: unknown): void {
    if (this.#failingSince === undefined) {
      this.logger.warn({ reason: describeError(error) }, `${this.what} can't be reached`);
    }
    this.#failingSince ??= Date.now();
  }

  worked(): void {
    if (this.#failingSince !== undefined) {
      const seconds = Math.round((Date.now() - this.#failingSince) / 1000);
      this.logger.info({ seconds }, `${this.what} is reached again`);
    }
    this.#failingSince = undefined;
  }
}
