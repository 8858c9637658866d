import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { sleep } from "../wait";
import { LineSplitter } from "./lineSplitter";
import type { Logger } from "./logger";
import type { Output } from "./output";

const pollMs = 200;
const chunkBytes = 128 * 1024;
const longestLine = 16 * 1024;
/** nginx's workers reopen their log within this time after USR1; lines written to the old file until then are read. */
const reopenMs = 1000;

export interface AccessLogOptions {
  path: string;
  /** The file is rotated when it is larger. About twice as much is on disk at most. */
  limitBytes: number;
  output: Output;
  logger: Logger;
  /** Makes nginx open the file anew. */
  reopen: () => void;
}

/**
 * Passes nginx's access log (one JSON object per line) on to the output. It goes through a file and not a pipe, because
 * a pipe that nobody empties would block nginx's workers. When the output is slow the lines wait in the file; when a
 * whole file waits, its rest is dropped.
 */
export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #buffer = Buffer.alloc(chunkBytes);
  #file: FileHandle | undefined;
  #offset = 0;
  #stopped = false;
  #running: Promise<void> | undefined;
  #lines = this.#splitter();

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /** Starts with an empty file: lines of an earlier run were passed on by that run. */
  async start(): Promise<void> {
    await rm(this.#options.path, { force: true });
    await rm(this.#rotatedPath, { force: true });
    this.#running = this.#run();
  }

  /** Passes on what nginx has written, then ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#readToEnd().catch(() => {});
    this.#lines.flush();
    await this.#file?.close();
  }

  get #rotatedPath(): string {
    return `${this.#options.path}.1`;
  }

  async #run(): Promise<void> {
    let failing = false;
    while (!this.#stopped) {
      try {
        await this.#readToEnd();
        if (this.#offset > this.#options.limitBytes) await this.#rotate();
        failing = false;
      } catch (error) {
        if (!failing) this.#options.logger.warn({ err: error }, "access log can't be read");
        failing = true;
      }
      await sleep(pollMs);
    }
  }

  async #readToEnd(): Promise<void> {
    this.#file ??= await open(this.#options.path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined; // nginx has not started yet
      throw error;
    });
    if (!this.#file) return;
    while (this.#options.output.isKeepingUp) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, chunkBytes, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#lines.push(this.#buffer.subarray(0, bytesRead));
    }
    await this.#dropIfFarBehind();
  }

  async #dropIfFarBehind(): Promise<void> {
    const size = (await this.#file?.stat())?.size ?? 0;
    const waiting = size - this.#offset;
    if (waiting <= this.#options.limitBytes) return;
    this.#options.logger.warn({ bytes: waiting }, "access log dropped: its reader is too slow");
    this.#offset = size;
    this.#lines = this.#splitter();
  }

  /** Renames the file, lets nginx open a new one, reads the rest of the old one, and removes it. */
  async #rotate(): Promise<void> {
    const { path, reopen } = this.#options;
    await rename(path, this.#rotatedPath);
    reopen();
    const end = performance.now() + reopenMs;
    do {
      await this.#readToEnd();
      await sleep(pollMs / 4);
    } while (performance.now() < end && !this.#stopped);
    await this.#readToEnd();
    this.#lines.flush();
    await this.#file?.close();
    this.#file = undefined;
    this.#offset = 0;
    await rm(this.#rotatedPath, { force: true });
  }

  #splitter(): LineSplitter {
    return new LineSplitter((line) => {
      // A line that was cut (by a crash, or for its length) is no JSON and would break the reader of ours.
      if (line.startsWith("{") && line.endsWith("}")) this.#options.output.write(`${line}\n`);
    }, longestLine);
  }
}
