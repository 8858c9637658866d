import net, { type AddressInfo, type Socket } from "node:net";

/** What a hostile node does with one call: bytes, one piece after the other. */
export interface HostileAct {
  pieces: Buffer[];
  /** Between two pieces. */
  pauseMs?: number;
  /** What follows the last piece; the connection stays open unless it says so. */
  end?: "close" | "reset" | "stay";
}

/** A node that sends whatever bytes it is told to. */
export class HostileNode {
  /** How many calls it has answered, batches counted once. */
  answers = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly act: (body: string) => HostileAct) {
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {});
      let received = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        const headEnd = received.indexOf("\r\n\r\n");
        if (headEnd < 0) return;
        const length = Number(
          /^content-length:\s*(\d+)/im.exec(received.toString("latin1", 0, headEnd))?.[1],
        );
        if (received.length < headEnd + 4 + length) return;
        const body = received.toString("utf8", headEnd + 4, headEnd + 4 + length);
        received = received.subarray(headEnd + 4 + length);
        this.answers++;
        this.#perform(socket, this.act(body));
      });
    });
  }

  static async start(act: (body: string) => HostileAct): Promise<HostileNode> {
    const node = new HostileNode(act);
    await new Promise<void>((resolve) => node.#server.listen(0, "127.0.0.1", resolve));
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #perform(socket: Socket, { pieces, pauseMs = 0, end = "stay" }: HostileAct): void {
    const [piece, ...rest] = pieces;
    if (socket.destroyed) return;
    if (piece !== undefined) socket.write(piece);
    if (rest.length > 0) setTimeout(() => this.#perform(socket, { pieces: rest, pauseMs, end }), pauseMs);
    else if (end === "close") socket.end();
    else if (end === "reset") socket.resetAndDestroy();
  }
}
