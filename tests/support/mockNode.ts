import http from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Certificate } from "./certificates";

export interface RpcCall {
  id: number;
  method: string;
  params: unknown;
}

/** What a node was asked. */
export interface Received {
  headers: http.IncomingHttpHeaders;
  rawHeaders: string[];
  url: string;
  text: string;
  /** The name that the connection asked for by SNI. */
  serverName?: string | false;
  json: RpcCall | RpcCall[];
}

/** Behaves for one HTTP request: returns what to send as JSON, a text to send as it is, or answers by itself and returns undefined. */
export type Behaviour = (
  received: Received,
  response: http.ServerResponse,
  socket: Socket,
) => unknown | Promise<unknown>;

/** A node on a free loopback port that does what a test tells it to. */
export class MockNode {
  readonly received: Received[] = [];
  private readonly server: http.Server;

  private constructor(
    public behaviour: Behaviour,
    private readonly certificate?: Certificate,
  ) {
    const serve: http.RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => void this.answer(request, response, Buffer.concat(chunks).toString("utf8")));
    };
    const options = { keepAliveTimeout: 120_000 };
    this.server = certificate
      ? https.createServer({ ...options, ...certificate }, serve)
      : http.createServer(options, serve);
  }

  static async start(
    behaviour: Behaviour = ok("0x1"),
    port = 0,
    certificate?: Certificate,
  ): Promise<MockNode> {
    const node = new MockNode(behaviour, certificate);
    await new Promise<void>((resolve) => node.server.listen(port, "127.0.0.1", resolve));
    return node;
  }

  private async answer(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    text: string,
  ): Promise<void> {
    let json: RpcCall | undefined;
    try {
      json = JSON.parse(text) as RpcCall;
    } catch {
      json = undefined;
    }
    const { headers, rawHeaders, url = "" } = request;
    const serverName = (request.socket as TLSSocket).servername ?? undefined;
    const received = { headers, rawHeaders, url, text, serverName, json: json as RpcCall };
    this.received.push(received);
    const answer = await this.behaviour(received, response, request.socket);
    if (answer === undefined || response.writableEnded) return;
    if (!response.headersSent) response.setHeader("content-type", "application/json");
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.certificate ? "https" : "http"}://127.0.0.1:${this.port}/`;
  }

  /** How many calls (batch elements counted) reached it. */
  get calls(): number {
    return this.received.reduce((sum, { json }) => sum + (Array.isArray(json) ? json.length : 1), 0);
  }

  reset(behaviour: Behaviour): void {
    this.behaviour = behaviour;
    this.received.length = 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Answers each call, batched or not, by `answer`: the members of the answer besides jsonrpc and id. */
export function each(answer: (call: RpcCall) => object): Behaviour {
  return ({ json }) => {
    const one = (call: RpcCall) => ({
      jsonrpc: "2.0",
      id: call.id,
      ...answer(call),
    });
    return Array.isArray(json) ? json.map(one) : one(json);
  };
}

export const ok = (result: unknown): Behaviour => each(() => ({ result }));

export const rpcError = (code: number, message: string, data?: unknown): Behaviour =>
  each(() => ({ error: { code, message, ...(data === undefined ? {} : { data }) } }));

export const httpStatus =
  (status: number, body = "", headers: Record<string, string> = {}): Behaviour =>
  (_received, response) => {
    response.writeHead(status, headers);
    response.end(body);
    return undefined;
  };

/** Sends these bytes, with status 200. */
export const raw =
  (body: string): Behaviour =>
  () =>
    body;

export const resets: Behaviour = (_received, _response, socket) => {
  socket.resetAndDestroy();
  return undefined;
};

export const hangs: Behaviour = () => new Promise<undefined>(() => {});

/** One byte now and then, without end. */
export const drips =
  (everyMs: number): Behaviour =>
  (_received, response, socket) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(" "), everyMs);
    socket.once("close", () => clearInterval(timer));
    return undefined;
  };
