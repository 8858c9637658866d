import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ReleaseFiles } from "../../../functions/domain/release";
import { fillPlaceholders, type TaskValues } from "../../../functions/domain/render/placeholders";
import type { ReleaseRedactor } from "../logs/redactor";
import { type TestOutcome, testConfiguration } from "../nginx/configurationTest";
import { activeConfiguration } from "../nginx/supervisor";

/** What is the same for all releases of this task. */
type TaskConstants = Omit<TaskValues, "poolFile" | "version" | "generation" | "instance">;

export interface InstallerOptions {
  runDirectory: string;
  nginxCommand: readonly string[];
  constants: TaskConstants;
  redactor: ReleaseRedactor;
}

/** A release whose files are on disk and that nginx has accepted. */
export interface InstalledRelease {
  folder: string;
}

export type InstallOutcome =
  | { verdict: "good"; installed: InstalledRelease }
  | Exclude<TestOutcome, { verdict: "good" }>;

/** Writes releases into folders of their own below the run directory, and switches nginx's configuration between them. */
export class ReleaseInstaller {
  /** Rises with each installation: njs tells the newest pool by it, also after a return to an older release. */
  #generation = 0;
  readonly #instance = randomBytes(6).toString("hex");

  constructor(private readonly options: InstallerOptions) {}

  /** Removes what an earlier agent left. */
  async prepare(): Promise<void> {
    await rm(this.#releases, { recursive: true, force: true });
    await mkdir(this.#releases, { recursive: true, mode: 0o700 });
  }

  /** Writes the files and has nginx test them. Nothing that serves is touched. */
  async install(version: number, files: ReleaseFiles): Promise<InstallOutcome> {
    const { runDirectory, nginxCommand, constants, redactor } = this.options;
    redactor.learn(files);
    const generation = ++this.#generation;
    const folder = join(this.#releases, `${version}-${generation}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const poolFile = join(folder, "pool.json");
    const configuration = fillPlaceholders(files["nginx.conf"], {
      ...constants,
      poolFile,
      version,
      generation,
      instance: this.#instance,
    });
    await writeFile(poolFile, files["pool.json"], { mode: 0o600 });
    await writeFile(join(folder, "nginx.conf"), configuration, { mode: 0o600 });
    const outcome = await testConfiguration(
      nginxCommand,
      runDirectory,
      join(folder, "nginx.conf"),
      redactor.redact,
    );
    if (outcome.verdict === "good") return { verdict: "good", installed: { folder } };
    await rm(folder, { recursive: true, force: true });
    return outcome;
  }

  /** Makes this the configuration that nginx reads next. */
  async activate({ folder }: InstalledRelease): Promise<void> {
    const next = `${this.#link}.next`;
    await rm(next, { force: true });
    await symlink(folder, next);
    await rename(next, this.#link);
  }

  /** Removes the folders of all other releases. */
  async keepOnly(kept: readonly InstalledRelease[]): Promise<void> {
    const names = new Set(kept.map(({ folder }) => basename(folder)));
    for (const name of await readdir(this.#releases)) {
      if (!names.has(name)) await rm(join(this.#releases, name), { recursive: true, force: true });
    }
  }

  get #releases(): string {
    return join(this.options.runDirectory, "releases");
  }

  get #link(): string {
    return dirname(activeConfiguration(this.options.runDirectory));
  }
}
