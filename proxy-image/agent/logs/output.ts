import { write } from "node:fs";

/** Lines kept for a reader who is behind; what comes on top is dropped. */
const bufferLimitBytes = 4 * 1024 * 1024;
/** Above this the access log waits in its file instead. */
const comfortableBytes = 256 * 1024;
/** Pause before writing again to a pipe that is full and not blocking. */
const retryMs = 50;

/**
 * Everything the agent says, to one file descriptor. Writing never waits for the reader: Node's own stdout blocks the
 * whole process when a pipe is full, and with it the health check.
 */
export class Output {
  readonly #fd: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;
  #writing = false;
  #broken = false;
  #waiting: (() => void)[] = [];

  constructor(fd = 1) {
    this.#fd = fd;
  }

  /** The reader keeps up: more may come. */
  get isKeepingUp(): boolean {
    return this.#bytes < comfortableBytes;
  }

  /** Takes whole lines. */
  write(lines: string): void {
    if (this.#broken) return;
    const chunk = Buffer.from(lines);
    if (this.#bytes + chunk.length > bufferLimitBytes) {
      this.#dropped++;
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (!this.#writing) this.#writeNext();
  }

  /** Resolves when everything is written, or time is up. */
  async flush(limitMs: number): Promise<void> {
    if (this.#bytes === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #writeNext(): void {
    const chunk = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : this.#chunks[0];
    if (!chunk) {
      this.#writing = false;
      this.#noteDropped();
      for (const resolve of this.#waiting.splice(0)) resolve();
      return;
    }
    this.#writing = true;
    this.#chunks = [chunk];
    write(this.#fd, chunk, (error, written) => {
      if (error && (error.code === "EAGAIN" || error.code === "EBUSY")) {
        setTimeout(() => this.#writeNext(), retryMs);
        return;
      }
      if (error) return this.#giveUp(); // the reader is gone: serving goes on
      this.#bytes -= written;
      const rest = chunk.subarray(written);
      if (rest.length > 0) this.#chunks[0] = rest;
      else this.#chunks.shift();
      this.#writeNext();
    });
  }

  #noteDropped(): void {
    if (this.#dropped === 0) return;
    const line = {
      level: "warn",
      time: new Date().toISOString(),
      msg: "log lines dropped",
      count: this.#dropped,
    };
    this.#dropped = 0;
    this.write(`${JSON.stringify(line)}\n`);
  }

  #giveUp(): void {
    this.#broken = true;
    this.#chunks = [];
    this.#bytes = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
