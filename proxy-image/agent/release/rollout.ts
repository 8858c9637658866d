import type { Release, ReleaseFiles } from "../../../functions/domain/release";
import type { TaskHeartbeat } from "../../../functions/domain/task";
import { describeError } from "../logs/describeError";
import type { Logger } from "../logs/logger";
import type { InstalledRelease, ReleaseInstaller } from "./installer";
import type { LastGoodRelease } from "./lastGood";

/** More refused contents than this are not remembered: the oldest would be tested again. */
const mostRefused = 100;

/** What came of an offered release. `later`: it could not be tested now and should be offered again. */
export type OfferOutcome = "inForce" | "refused" | "later";

/** What the rollout needs of the nginx supervisor. */
interface Proxy {
  start(): Promise<void>;
  /** @returns false when the new configuration did not come into force */
  reload(): Promise<boolean>;
  /** The configuration in force runs its scripts. */
  answers(): Promise<boolean>;
}

export interface RolloutOptions {
  proxy: Proxy;
  installer: ReleaseInstaller;
  lastGood: LastGoodRelease;
  /** Serves 503 to every call until there is a release. */
  builtIn: ReleaseFiles;
  /** Fetches what a release asks for besides its files, and hears which one is in force. */
  keys: { prepare(files: ReleaseFiles): Promise<void>; inForce(files: ReleaseFiles): void };
  logger: Logger;
  onChange: () => void;
}

interface InForce extends InstalledRelease {
  version: number;
  sha256: string;
}

/** Decides which release nginx runs: the newest that nginx accepts, and the one before when it does not. */
export class Rollout {
  readonly #options: RolloutOptions;
  readonly #refused = new Map<string, string>();
  #inForce: InForce | undefined;
  #badRelease: TaskHeartbeat["badRelease"];

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  /** 0 is the built-in configuration; undefined before nginx is up. */
  get version(): number | undefined {
    return this.#inForce?.version;
  }

  get badRelease(): TaskHeartbeat["badRelease"] {
    return this.#badRelease;
  }

  /**
   * Starts nginx on the first of these that it accepts: the store's release, the copy on disk, the built-in one.
   * @throws when nginx doesn't start
   */
  async start(fromStore: Release | undefined): Promise<void> {
    const { logger, lastGood } = this.#options;
    if (fromStore && (await this.#startOn(fromStore))) return;
    const fromDisk = await lastGood.load().catch((error: unknown) => {
      logger.warn({ reason: describeError(error) }, "copy of the last good release can't be used");
      return undefined;
    });
    if (fromDisk && fromDisk.sha256 !== fromStore?.sha256 && (await this.#startOn(fromDisk))) return;
    const builtIn: Release = {
      format: 1,
      version: 0,
      sha256: "",
      publishedAt: new Date(0).toISOString(),
      files: this.#options.builtIn,
    };
    if (!(await this.#startOn(builtIn)))
      throw new Error("nginx does not start on the built-in configuration either");
  }

  /** Rolls a release out if it is not in force yet. */
  async offer(release: Release): Promise<OfferOutcome> {
    const { version, sha256 } = release;
    if (this.#inForce?.version === version && this.#inForce.sha256 === sha256) return "inForce";
    const outcome = await this.#install(release);
    if (typeof outcome === "string") return outcome;
    return (await this.#switchTo({ ...outcome, version, sha256 }, release)) ? "inForce" : "refused";
  }

  async #startOn(release: Release): Promise<boolean> {
    const { installer, proxy, keys, logger } = this.#options;
    const { version, sha256 } = release;
    const outcome = await this.#install(release);
    if (typeof outcome === "string") return false;
    await keys.prepare(release.files);
    await installer.activate(outcome);
    try {
      await proxy.start();
    } catch (error) {
      logger.error({ version, reason: describeError(error) }, "nginx does not start");
      return false;
    }
    this.#inForce = { ...outcome, version, sha256 };
    keys.inForce(release.files);
    logger.info({ version }, version === 0 ? "built-in configuration in force" : "release in force");
    if (version > 0) await this.#remember(release);
    this.#options.onChange();
    return true;
  }

  async #install(release: Release): Promise<InstalledRelease | Exclude<OfferOutcome, "inForce">> {
    const known = this.#refused.get(release.sha256);
    if (known !== undefined) return this.#refuse(release, known);
    const outcome = await this.#options.installer.install(release.version, release.files);
    if (outcome.verdict === "good") return outcome.installed;
    if (outcome.verdict === "bad") return this.#refuse(release, outcome.complaint);
    const { version } = release;
    this.#options.logger.warn({ version, reason: outcome.complaint }, "release can't be tested now");
    return "later";
  }

  #refuse({ version, sha256 }: Release, note: string): "refused" {
    const isNews = this.#badRelease?.version !== version;
    this.#refused.delete(sha256);
    this.#refused.set(sha256, note);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > mostRefused && oldest !== undefined) this.#refused.delete(oldest);
    this.#badRelease = { version, note };
    if (isNews) {
      this.#options.logger.error({ version, note, inForce: this.version }, "release refused");
      this.#options.onChange();
    }
    return "refused";
  }

  async #switchTo(next: InForce, release: Release): Promise<boolean> {
    const { installer, proxy, keys, logger } = this.#options;
    const previous = this.#inForce;
    await keys.prepare(release.files);
    await installer.activate(next);
    if (!((await proxy.reload()) && (await proxy.answers()))) {
      if (previous) {
        await installer.activate(previous);
        await proxy.reload();
      }
      this.#refuse(release, "nginx accepted it, but did not serve with it");
      return false;
    }
    this.#inForce = next;
    keys.inForce(release.files);
    // A refusal is history once something newer runs; until then the control plane has to hear of it.
    if (this.#badRelease && next.version > this.#badRelease.version) this.#badRelease = undefined;
    logger.info({ version: next.version, before: previous?.version }, "release in force");
    await installer.keepOnly(previous ? [next, previous] : [next]);
    await this.#remember(release);
    this.#options.onChange();
    return true;
  }

  /** A full disk must not keep a release from being served. */
  async #remember(release: Release): Promise<void> {
    await this.#options.lastGood.save(release).catch((error: unknown) => {
      this.#options.logger.warn({ reason: describeError(error) }, "release can't be kept on disk");
    });
  }
}
