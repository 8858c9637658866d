import http, { type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { clientOf } from "../../../functions/domain/clientOf";
import type { LiveKeys } from "../liveKeys";
import type { Metrics } from "../metrics";
import { ClientSocket } from "./clientSocket";
import type { Gateway } from "./gateway";
import { ClientCounter, maxQueueBytesPerTask, type SocketLimits } from "./limits";

export interface ServerOptions {
  gateway: Gateway;
  metrics: Metrics;
  limits: SocketLimits;
  keys: LiveKeys;
}

const tickMs = 1_000;
/** Generations of nginx workers, besides the newest, that may live on for their sockets. */
const mostOldGenerations = 2;
const longestSpreadMs = 10_000;

/** Accepts sockets that nginx passes on, keeps them within bounds, and closes them in good order. */
export class SocketServer {
  readonly #options: ServerOptions;
  readonly #http: http.Server;
  readonly #upgrader: WebSocketServer;
  readonly #clients: ClientCounter;
  /** Sockets by the second in which they are pinged, so that the pings of all don't come at once. */
  readonly #wheel: Set<ClientSocket>[];
  readonly #ticks: NodeJS.Timeout;
  #slot = 0;
  #open = 0;
  #nextSlot = 0;
  #draining = false;
  #generation = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#clients = new ClientCounter(options.limits.maxSocketsPerClient);
    this.#wheel = Array.from({ length: options.limits.socketPingSeconds }, () => new Set());
    this.#upgrader = new WebSocketServer<typeof ClientSocket>({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.limits.maxFrameBytes,
      WebSocket: ClientSocket,
    });
    this.#http = http.createServer((request, response) => this.#serve(request, response));
    this.#http.on("upgrade", (request: IncomingMessage, connection: Duplex, head: Buffer) =>
      this.#upgrade(request, connection as Socket, head),
    );
    this.#ticks = setInterval(() => this.#tick(), tickMs);
  }

  get open(): number {
    return this.#open;
  }

  async listen(where: { path: string } | { port: number; host: string }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(where, 4096, resolve);
    });
  }

  /** The port, when it listens on one. */
  get port(): number {
    const address = this.#http.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /**
   * Takes no more sockets and closes those there are, spread over the time so that their clients don't all come back at once; those with
   * calls under way last.
   */
  async drain(overMs: number): Promise<void> {
    this.#draining = true;
    await this.#closeSpread([...this.#all()], "drain", overMs);
    clearInterval(this.#ticks);
    this.#http.close();
    for (const socket of this.#all()) socket.terminate();
    this.#http.closeAllConnections();
  }

  /**
   * nginx has a new generation of workers. Sockets stay with the workers that carry them, but no more than two old generations may live
   * on for sockets: of more, the one with the fewest sockets has them closed, spread over a time.
   */
  useGeneration(generation: number): void {
    if (generation <= this.#generation) return;
    this.#generation = generation;
    const old = new Map<number, ClientSocket[]>();
    for (const socket of this.#all()) {
      if (socket.generation >= generation || socket.closedFor) continue;
      const carried = old.get(socket.generation);
      if (carried) carried.push(socket);
      else old.set(socket.generation, [socket]);
    }
    const fewestFirst = [...old.values()].sort((a, b) => a.length - b.length);
    for (const sockets of fewestFirst.slice(0, Math.max(0, fewestFirst.length - mostOldGenerations))) {
      void this.#closeSpread(sockets, "reload", Math.min(longestSpreadMs, sockets.length * 5));
    }
  }

  *#all(): Generator<ClientSocket> {
    for (const slot of this.#wheel) yield* slot;
  }

  async #closeSpread(sockets: ClientSocket[], reason: "drain" | "reload", overMs: number): Promise<void> {
    const startedAtMs = Date.now();
    const rest = new Set(sockets);
    while (rest.size > 0) {
      const passed = Math.min(1, (Date.now() - startedAtMs + 1) / (overMs * 0.8 + 1));
      const idleFirst = [...rest].sort((a, b) => a.calls - b.calls);
      const due = rest.size - Math.floor(sockets.length * (1 - passed));
      for (const socket of idleFirst.slice(0, Math.max(0, due))) {
        if (socket.calls > 0 && Date.now() - startedAtMs < overMs) continue;
        socket.closeFor(reason);
        rest.delete(socket);
      }
      for (const socket of rest) if (socket.readyState !== socket.OPEN) rest.delete(socket);
      if (rest.size > 0) await pause(50);
    }
    const deadline = startedAtMs + overMs;
    while (reason === "drain" && this.#open > 0 && Date.now() < deadline) await pause(20);
  }

  #serve(request: IncomingMessage, response: http.ServerResponse): void {
    if (request.url === "/metrics") {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
      response.end(this.#options.metrics.text());
      return;
    }
    response.writeHead(426, { connection: "close", upgrade: "websocket" });
    response.end();
  }

  #upgrade(request: IncomingMessage, connection: Socket, head: Buffer): void {
    const { limits } = this.#options;
    connection.on("error", ignore);
    const header = (name: string) => request.headers[name] as string | undefined;
    const address = header("x-real-ip") ?? "";
    const key = header("x-gateway-key");
    const client = key ? `key ${key}` : clientOf(address);
    this.#options.keys.found(key);
    const refusal = this.#options.keys.isAlive(key) ? this.#refusalFor(client) : "key";
    if (refusal) {
      this.#options.metrics.add("gateway_sockets_refused_total", { reason: refusal });
      connection.end(refusalAnswer(refusalStatus[refusal]));
      return;
    }
    let upgraded = false;
    // Whatever goes wrong before there is a socket must give the place back.
    connection.once("close", () => {
      if (!upgraded) this.#clients.remove(client);
    });
    this.#upgrader.handleUpgrade(request, connection, head, (opened) => {
      upgraded = true;
      const socket = opened as ClientSocket;
      socket.client = client;
      socket.path = request.url ?? "/";
      socket.caller = {
        address: header("x-forwarded-for") ?? address,
        ...(key ? { key } : {}),
        origin: header("origin"),
      };
      socket.generation = Number(header("x-gateway-generation") ?? 0);
      socket.maxQueueBytes = limits.maxSocketQueueBytes;
      socket.connection = connection;
      this.#add(socket);
    });
  }

  /** Takes a place for the client, or says why there is none. */
  #refusalFor(client: string): "draining" | "task full" | "client full" | undefined {
    if (this.#draining) return "draining";
    if (this.#open >= this.#options.limits.maxSocketsPerTask) return "task full";
    return this.#clients.add(client) ? undefined : "client full";
  }

  #add(socket: ClientSocket): void {
    const { gateway, metrics } = this.#options;
    const slot = this.#wheel[this.#nextSlot++ % this.#wheel.length]!;
    slot.add(socket);
    this.#open++;
    metrics.set("gateway_sockets", {}, this.#open);
    metrics.add("gateway_sockets_opened_total");
    const onClose = (code: number) => {
      slot.delete(socket);
      this.#open--;
      this.#clients.remove(socket.client);
      metrics.set("gateway_sockets", {}, this.#open);
      metrics.add("gateway_sockets_closed_total", { reason: socket.closedFor ?? reasonOf(code) });
      gateway.closed(socket);
    };
    socket.on("message", (data: Buffer) => gateway.receive(socket, data));
    socket.on("pong", heard);
    socket.on("ping", heard);
    socket.on("error", ignore);
    socket.on("close", onClose);
    if (socket.readyState !== socket.OPEN) socket.terminate();
  }

  #tick(): void {
    this.#closeWithoutKey();
    this.#slot = (this.#slot + 1) % this.#wheel.length;
    for (const socket of this.#wheel[this.#slot]!) {
      // Not read while its calls are under way, so nothing could be heard.
      if (socket.isPaused) continue;
      if (!socket.heard) {
        socket.closedFor = "silent";
        socket.terminate();
        continue;
      }
      socket.heard = false;
      socket.ping();
    }
    this.#boundQueues();
  }

  /** A key may have been revoked, or have expired, since its socket was opened; or none was needed then. */
  #closeWithoutKey(): void {
    const { keys } = this.#options;
    if (!keys.areRequired) return;
    for (const socket of this.#all()) if (!keys.isAlive(socket.caller.key)) socket.closeFor("key");
  }

  /** Each queue has its bound; all of them together have one too. */
  #boundQueues(): void {
    let queued = 0;
    const slow: ClientSocket[] = [];
    for (const socket of this.#all()) {
      const { writableLength } = socket.connection;
      queued += writableLength;
      if (writableLength > 0) slow.push(socket);
    }
    this.#options.metrics.set("gateway_socket_bytes_queued", {}, queued);
    if (queued <= maxQueueBytesPerTask) return;
    slow.sort((a, b) => b.connection.writableLength - a.connection.writableLength);
    for (const socket of slow) {
      if (queued <= maxQueueBytesPerTask / 2) break;
      queued -= socket.connection.writableLength;
      socket.cut("slow reader");
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const refusalStatus = { key: 401, "client full": 429, "task full": 503, draining: 503 } as const;

function refusalAnswer(status: number): string {
  return `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

/** Why a socket closed that the gateway did not mean to close. */
function reasonOf(code: number): string {
  if (code === 1009) return "frame too large";
  return code === 1002 || code === 1007 ? "protocol error" : "client";
}

function heard(this: unknown): void {
  (this as ClientSocket).heard = true;
}

function ignore(): void {}
