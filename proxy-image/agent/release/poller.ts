import type { Release, ReleaseFiles } from "../../../functions/domain/release";
import type { ReleaseLookup, ReleaseStore } from "../../../functions/ports/releaseStore";
import { Backoff } from "../backoff";
import { describeError } from "../logs/describeError";
import type { Logger } from "../logs/logger";
import { StateLog } from "../logs/stateLog";
import { sleep, withTimeLimit } from "../wait";
import { parseRelease } from "./parseRelease";
import type { OfferOutcome } from "./rollout";

/** Longest wait for one answer of the store, and the shortest such limit for an agent that looks often. */
const lookLimitMs = 5_000;
const shortestLookLimitMs = 1_000;
/** A store may be read while it is written to (S3 itself never shows that): only the second such answer is news. */
const unusableToTell = 2;
/** Longest pause between two looks while the store can't be reached, if the usual pause is not longer. */
const outagePauseMs = 5_000;
/** Pause before a release that could not be tested is tried again. */
const retryMs = 2_000;
/** Name of the store's error for a release of a format that it does not know: the store itself is well. */
const unknownForm = "ReleaseFormatError";
const unusable = "release in the store can't be used";

export interface ReleasePollerOptions {
  store: Pick<ReleaseStore, "getCurrent">;
  sha256: (files: ReleaseFiles) => string;
  intervalMs: number;
  logger: Logger;
}

/** Looks for new releases in the store. */
export class ReleasePoller {
  readonly #options: ReleasePollerOptions;
  readonly #state: StateLog;
  #etag: string | undefined;
  /** What the store said last: whether there is a release. Undefined until it was reached. */
  #hasRelease: boolean | undefined;
  /** How often in a row the release was of no form that we know. */
  #unusable = 0;

  constructor(options: ReleasePollerOptions) {
    this.#options = options;
    this.#state = new StateLog(options.logger, "release store");
  }

  /** The store was reached and there was no release yet. */
  get isStoreEmpty(): boolean {
    return this.#hasRelease === false;
  }

  /** One look before nginx is started; a store that can't be reached has no release for us. */
  async first(): Promise<Release | undefined> {
    try {
      const lookup = await this.#look();
      return lookup.status === "found" ? this.#parse(lookup) : undefined;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** Offers each new release until `signal` is aborted. */
  async run(offer: (release: Release) => Promise<OfferOutcome>, signal: AbortSignal): Promise<void> {
    const { intervalMs } = this.#options;
    const backoff = new Backoff(intervalMs, Math.max(intervalMs, outagePauseMs));
    let pauseMs = 0;
    while (!signal.aborted) {
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        const lookup = await this.#look();
        pauseMs = intervalMs;
        backoff.reset();
        if (lookup.status !== "found") continue;
        const release = this.#parse(lookup);
        const outcome = release ? await this.#offerSafely(offer, release) : "refused";
        if (outcome === "later") pauseMs = Math.max(intervalMs, retryMs);
        else this.#etag = lookup.etag;
      } catch (error) {
        this.#failed(error);
        pauseMs = backoff.next();
      }
    }
  }

  async #look(): Promise<ReleaseLookup> {
    const { store, intervalMs } = this.#options;
    const limitMs = Math.min(lookLimitMs, Math.max(shortestLookLimitMs, intervalMs * 8));
    const lookup = await withTimeLimit(store.getCurrent(this.#etag), limitMs, "the release store");
    this.#state.worked();
    this.#unusable = 0;
    this.#hasRelease = lookup.status !== "absent";
    return lookup;
  }

  #failed(error: unknown): void {
    if (!(error instanceof Error && error.name === unknownForm)) {
      this.#state.failed(error);
      return;
    }
    this.#state.worked();
    this.#hasRelease = true;
    if (++this.#unusable === unusableToTell) {
      this.#options.logger.error({ reason: describeError(error) }, unusable);
    }
  }

  /** A release that we can't use (damaged, of a later format) is left alone until another one takes its place. */
  #parse({ release, etag }: Extract<ReleaseLookup, { status: "found" }>): Release | undefined {
    try {
      return parseRelease(release, this.#options.sha256);
    } catch (error) {
      this.#options.logger.error(
        { reason: describeError(error), etag },
        "release in the store can't be used",
      );
      return undefined;
    }
  }

  /** A fault of this machine (a full disk) is no fault of the store. */
  async #offerSafely(
    offer: (release: Release) => Promise<OfferOutcome>,
    release: Release,
  ): Promise<OfferOutcome> {
    try {
      return await offer(release);
    } catch (error) {
      this.#options.logger.error(
        { version: release.version, reason: describeError(error) },
        "rollout failed",
      );
      return "later";
    }
  }
}
