import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Release, ReleaseFiles } from "../../../functions/domain/release";
import { parseRelease } from "./parseRelease";

/** The last good release on disk: what a task starts with when the store can't be reached. Contains secrets. */
export class LastGoodRelease {
  readonly #path: string;

  constructor(
    runDirectory: string,
    private readonly sha256: (files: ReleaseFiles) => string,
  ) {
    this.#path = join(runDirectory, "last-good.json");
  }

  /** @throws ReleaseError when it is damaged */
  async load(): Promise<Release | undefined> {
    const text = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return text === undefined ? undefined : parseRelease(parseJson(text), this.sha256);
  }

  async save(release: Release): Promise<void> {
    const part = `${this.#path}.part`;
    await writeFile(part, JSON.stringify(release), { mode: 0o600 });
    await rename(part, this.#path);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a message of JSON.parse would quote the text
  }
}
