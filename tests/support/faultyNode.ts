import http from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** How a `FaultyNode` treats the next calls. */
export type Fault =
  | { kind: "none" }
  /** Accepts the call and never answers. */
  | { kind: "hang" }
  /** Closes the connection with a TCP reset as soon as the call is read. */
  | { kind: "reset" }
  | { kind: "answer"; status: number; contentType: string; body: string; headers?: Record<string, string> }
  /** Answers as if the chain had this many blocks fewer. */
  | { kind: "lag"; blocks: number }
  | { kind: "wrongChain"; chainId: number };

interface SeenCall {
  atMs: number;
  method: string;
}

/**
 * A real node behind a switch: forwards each call to `target` until told to misbehave. Counts calls, so that a test can say when a
 * node took its last one.
 */
export class FaultyNode {
  fault: Fault = { kind: "none" };
  readonly seen: SeenCall[] = [];
  readonly #server: http.Server;
  readonly #sockets = new Set<Socket>();
  readonly #agent = new http.Agent({ keepAlive: true });
  #port = 0;

  private constructor(readonly target: string) {
    this.#server = http.createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 120_000;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Starts a node on a free port in front of `target`. */
  static async start(target: string): Promise<FaultyNode> {
    const node = new FaultyNode(target);
    await node.up();
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Calls that came after `sinceMs` (`Date.now()`), health probes left out. */
  callsSince(sinceMs: number): SeenCall[] {
    return this.seen.filter((call) => call.atMs > sinceMs);
  }

  get isUp(): boolean {
    return this.#server.listening;
  }

  /** Listens (again, on the same port). */
  async up(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Refuses connections and resets the open ones, as a killed process does. */
  async down(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    if (this.#server.listening) await this.down();
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    this.seen.push({ atMs: Date.now(), method: /"method"\s*:\s*"(\w+)"/.exec(body)?.[1] ?? "?" });
    const fault = this.fault;
    switch (fault.kind) {
      case "hang":
        return;
      case "reset":
        request.socket.resetAndDestroy();
        return;
      case "answer":
        response.writeHead(fault.status, { "content-type": fault.contentType, ...fault.headers });
        response.end(fault.body);
        return;
      case "none":
      case "lag":
      case "wrongChain": {
        const answer = await this.#forward(body);
        response.writeHead(200, { "content-type": "application/json" });
        response.end(distort(body, answer, fault));
        return;
      }
      default:
        fault satisfies never;
    }
  }

  async #forward(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const forwarded = http.request(
        this.target,
        { method: "POST", agent: this.#agent, headers: { "content-type": "application/json" } },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => resolve(Buffer.concat(chunks).toString()));
          answer.on("error", reject);
        },
      );
      forwarded.on("error", reject);
      forwarded.end(body);
    });
  }
}

/** Changes the result of `eth_blockNumber` and `eth_chainId` calls, single or batch, as the fault says. */
function distort(question: string, answer: string, fault: Fault): string {
  if (fault.kind !== "lag" && fault.kind !== "wrongChain") return answer;
  const asked = [JSON.parse(question)].flat() as { id: unknown; method: string }[];
  const answered = JSON.parse(answer) as unknown;
  for (const element of [answered].flat() as { id: unknown; result?: string }[]) {
    const method = asked.find((call) => call.id === element.id)?.method;
    if (fault.kind === "lag" && method === "eth_blockNumber" && element.result) {
      element.result = `0x${Math.max(0, Number(element.result) - fault.blocks).toString(16)}`;
    }
    if (fault.kind === "wrongChain" && method === "eth_chainId")
      element.result = `0x${fault.chainId.toString(16)}`;
  }
  return JSON.stringify(answered);
}
