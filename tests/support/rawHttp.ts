import net, { type Socket } from "node:net";

export interface RawAnswer {
  status: number;
  /** Status line and header, as they came. */
  head: string;
  body: Buffer;
}

/** What became of bytes sent to a server: an answer, a connection closed without one, or nothing for a while. */
export type RawOutcome = RawAnswer | "closed" | "silence";

/** One connection to a server, for requests that no HTTP client would send. One request at a time. */
export class RawConnection {
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  constructor(readonly port: number) {}

  /** @param hasBody false for HEAD, whose answer announces a body that doesn't come */
  async send(bytes: Buffer, { deadlineMs = 10_000, hasBody = true } = {}): Promise<RawOutcome> {
    const socket = this.#socket ?? this.#connect();
    socket.write(bytes);
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const found = readAnswer(this.#received, socket.destroyed, hasBody);
      if (found) {
        this.#received = this.#received.subarray(found.length);
        if (/^connection:\s*close/im.test(found.answer.head)) this.close();
        return found.answer;
      }
      if (socket.destroyed) {
        this.close();
        return "closed";
      }
      const left = deadline - Date.now();
      if (left <= 0) {
        this.close();
        return "silence";
      }
      await this.#somethingHappens(left);
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
  }

  #connect(): Socket {
    const socket = net.connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      if (socket !== this.#socket) return;
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      if (socket !== this.#socket) return;
      this.#wake?.();
      // An idle connection that the server has closed is not used again.
      if (this.#wake === undefined) this.#socket = undefined;
    });
    return socket;
  }

  #somethingHappens(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, withinMs);
      const self = this;
      function done(): void {
        clearTimeout(timer);
        self.#wake = undefined;
        resolve();
      }
      this.#wake = done;
    });
  }
}

/** The first final answer in `bytes` and how many of them it takes; undefined when it is not there in full. */
function readAnswer(
  bytes: Buffer,
  isOver: boolean,
  hasBody: boolean,
): { answer: RawAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  const start = headEnd + 4;
  if (status === 100) {
    const final = readAnswer(bytes.subarray(start), isOver, hasBody);
    return final && { answer: final.answer, length: final.length + start };
  }
  const rest = bytes.subarray(start);
  const found = (body: Buffer, taken: number) => ({ answer: { status, head, body }, length: start + taken });
  if (!hasBody || status === 204 || status === 304) return found(Buffer.alloc(0), 0);
  const announced = /^content-length:\s*(\d+)/im.exec(head)?.[1];
  if (announced !== undefined) {
    const length = Number(announced);
    return rest.length < length ? undefined : found(rest.subarray(0, length), length);
  }
  if (/^transfer-encoding:\s*chunked/im.test(head)) return readChunks(rest, found);
  return isOver ? found(rest, rest.length) : undefined;
}

function readChunks<T>(rest: Buffer, found: (body: Buffer, taken: number) => T): T | undefined {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.toString("latin1", at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (rest.length < at) return undefined;
    if (size === 0) return found(Buffer.concat(chunks), at);
    chunks.push(rest.subarray(lineEnd + 2, at - 2));
  }
}
