/** Cuts a stream of chunks into lines; a longer line than `limit` characters loses its rest. */
export class LineSplitter {
  #rest = "";
  #skipping = false;
  readonly #decoder = new TextDecoder();

  constructor(
    private readonly take: (line: string) => void,
    private readonly limit: number,
  ) {}

  push(chunk: Uint8Array): void {
    const parts = this.#decoder.decode(chunk, { stream: true }).split("\n");
    for (const [index, part] of parts.entries()) {
      if (!this.#skipping) this.#rest += part;
      if (this.#rest.length > this.limit) {
        this.#rest = this.#rest.slice(0, this.limit);
        this.#skipping = true;
      }
      if (index < parts.length - 1) this.flush();
    }
  }

  /** Takes what has come so far for a line. */
  flush(): void {
    if (this.#rest !== "") this.take(this.#rest);
    this.#rest = "";
    this.#skipping = false;
  }
}
