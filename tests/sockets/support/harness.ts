import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { WebSocket } from "ws";
import { elementsOf, memberOf } from "../../../proxy-image/sockets/core/rawJson";
import type { SocketLimits } from "../../../proxy-image/sockets/server/limits";
import { type Sockets, startSockets } from "../../../proxy-image/sockets/start";

/** One call as it comes to the proxy. */
export interface Call {
  jsonrpc?: unknown;
  id?: unknown;
  method: string;
  params: unknown[];
}
/** A result, or a JSON-RPC error when it is thrown. */
export type Answerer = (call: Call, request: http.IncomingMessage) => unknown;

export class CallError extends Error {
  constructor(
    readonly code: number,
    message = "failed",
  ) {
    super(message);
  }
}

/** Stands in for nginx: takes calls over HTTP and answers as it is told. */
export class StandIn {
  readonly seen: { call: Call; path: string; headers: http.IncomingHttpHeaders }[] = [];
  readonly #server: http.Server;

  private constructor(answer: Answerer) {
    this.#server = http.createServer((request, response) => {
      this.#serve(request, response, answer).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(answer: Answerer): Promise<StandIn> {
    const standIn = new StandIn(answer);
    await new Promise<void>((resolve) => standIn.#server.listen(0, "127.0.0.1", resolve));
    return standIn;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  count(method: string): number {
    return this.seen.filter(({ call }) => call.method === method).length;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    answer: Answerer,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const calls = JSON.parse(text) as Call | Call[];
    const one = async (call: Call, written: string): Promise<string | undefined> => {
      // As it was written, as nginx gives it back.
      const id = memberOf(written, "id");
      this.seen.push({ call, path: request.url ?? "", headers: request.headers });
      try {
        const result = (await answer(call, request)) ?? null;
        return id === undefined
          ? undefined
          : `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
      } catch (error) {
        const { code, message } = error instanceof CallError ? error : new CallError(-32603, String(error));
        return `{"jsonrpc":"2.0","id":${id ?? null},"error":${JSON.stringify({ code, message })}}`;
      }
    };
    let body: string | undefined;
    if (Array.isArray(calls)) {
      const texts = elementsOf(text);
      const answers = await Promise.all(calls.map((call, index) => one(call, texts[index]!)));
      body = `[${answers.filter(Boolean).join(",")}]`;
    } else body = await one(calls, text);
    response.writeHead(body === undefined ? 204 : 200, { "content-type": "application/json" });
    response.end(body);
  }
}

export interface HarnessNode {
  id: string;
  wsUrl?: string;
  headers?: Record<string, string>;
}

const generousLimits: SocketLimits = {
  maxSocketsPerTask: 20_000,
  maxSocketsPerClient: 20_000,
  maxSubscriptionsPerSocket: 100,
  maxFrameBytes: 1024 * 1024,
  maxSocketQueueBytes: 4 * 1024 * 1024,
  socketPingSeconds: 30,
};

export interface HarnessOptions {
  calls: { port: number } | { socketPath: string };
  /** Unix socket to listen on, for an nginx that listens on `url`. */
  behind?: { path: string; url: string };
  nodes?: HarnessNode[];
  /** Where the keys of callers are; with it, sockets need one. */
  keysFile?: string;
  limits?: Partial<SocketLimits>;
  drainSeconds?: number;
  callTimeoutSeconds?: number;
  /** Members of the pool file's one network. */
  network?: { name?: string; chainId?: number; blockTimeSeconds?: number };
}

/** The gateway in this process, with a pool file of its own. */
export class Harness {
  readonly #clients: WebSocket[] = [];

  private constructor(
    readonly sockets: Sockets,
    readonly folder: string,
    readonly options: HarnessOptions,
  ) {}

  static async start(options: HarnessOptions): Promise<Harness> {
    const folder = await mkdtemp(path.join(tmpdir(), "sockets-"));
    await writePool(folder, options, options.nodes ?? []);
    const sockets = await startSockets({
      listen: options.behind ? { path: options.behind.path } : { port: 0, host: "127.0.0.1" },
      calls: options.calls,
      poolFile: path.join(folder, "pool.json"),
      keysFile: options.keysFile ?? path.join(folder, "keys.json"),
      limits: { ...generousLimits, ...options.limits },
      drainSeconds: options.drainSeconds ?? 0,
      callTimeoutSeconds: options.callTimeoutSeconds ?? 5,
      maxAnswerBytes: 64 * 1024 * 1024,
    });
    return new Harness(sockets, folder, options);
  }

  get url(): string {
    return this.options.behind?.url ?? `ws://127.0.0.1:${this.sockets.server.port}`;
  }

  usePool(nodes: HarnessNode[]): Promise<void> {
    return writePool(this.folder, this.options, nodes);
  }

  metric(name: string, labels = ""): number {
    const line = this.sockets.metrics
      .text()
      .split("\n")
      .find((text) => text.startsWith(`${name}${labels} `));
    return Number(line?.split(" ").at(-1) ?? 0);
  }

  async connect(path = "/", headers: Record<string, string> = {}): Promise<Client> {
    const socket = new WebSocket(this.url + path, { headers, perMessageDeflate: false });
    this.#clients.push(socket);
    return Client.over(socket);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.terminate();
    await this.sockets.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function writePool(folder: string, options: HarnessOptions, nodes: HarnessNode[]): Promise<void> {
  const pool = {
    format: 1,
    ...(options.keysFile ? { admission: { requiresKey: true } } : {}),
    defaultNetwork: options.network?.name ?? "test",
    networks: [
      {
        name: "test",
        chainId: 31337,
        blockTimeSeconds: 1,
        ...options.network,
        nodes: nodes.map(({ id, wsUrl, headers }) => ({
          id,
          ...(wsUrl ? { socket: { url: wsUrl, headers } } : {}),
        })),
      },
    ],
  };
  const file = path.join(folder, "pool.json");
  await writeFile(`${file}.new`, JSON.stringify(pool));
  await rename(`${file}.new`, file);
}

export interface Notification {
  subscription: string;
  result: unknown;
}

/** A bare JSON-RPC client that keeps everything it gets. */
export class Client {
  readonly texts: string[] = [];
  readonly notifications: Notification[] = [];
  readonly #waiting: (() => void)[] = [];
  #sequence = 0;
  closeCode: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      this.texts.push(text);
      const message = JSON.parse(text) as { method?: string; params: Notification };
      if (message.method === "eth_subscription") this.notifications.push(message.params);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on("close", (code) => {
      this.closeCode = code;
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on("error", () => {});
  }

  static async over(socket: WebSocket): Promise<Client> {
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  /** The first message, from now on or before, that fits. */
  async message(fits: (text: string) => boolean, deadlineMs = 10_000): Promise<string> {
    const deadline = Date.now() + deadlineMs;
    for (let from = 0; ; ) {
      const found = this.texts.slice(from).find(fits);
      if (found !== undefined) return found;
      from = this.texts.length;
      const left = deadline - Date.now();
      if (this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode}`);
      if (left <= 0) throw new Error("the message did not come");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async call(
    method: string,
    params: unknown[] = [],
  ): Promise<{ result?: unknown; error?: { code: number; message: string } }> {
    const id = `c${++this.#sequence}`;
    this.socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return JSON.parse(await this.message((text) => text.includes(`"id":"${id}"`))) as { result?: unknown };
  }

  async subscribe(...params: unknown[]): Promise<string> {
    const { result, error } = await this.call("eth_subscribe", params);
    if (typeof result !== "string") throw new Error(`not subscribed: ${error?.message}`);
    return result;
  }

  /** Results of one subscription, in the order they came. */
  resultsOf(subscription: string): unknown[] {
    return this.notifications.flatMap((one) => (one.subscription === subscription ? [one.result] : []));
  }
}
