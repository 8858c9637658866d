import { WebSocket } from "ws";
import type { PoolNode } from "../pool";

/** A subscription at a node. */
export type UpstreamWish = "newHeads" | "newPendingTransactions" | "newPendingTransactions full";

const paramsOf: Record<UpstreamWish, unknown[]> = {
  newHeads: ["newHeads"],
  newPendingTransactions: ["newPendingTransactions"],
  "newPendingTransactions full": ["newPendingTransactions", true],
};

/** Why a socket to a node ended; a fixed list, so that it can be a label. */
export type DownReason = "refused" | "closed" | "silent" | "lagging" | "left the pool" | "bad answers";

export interface UpstreamListener {
  onUp(): void;
  onNotification(wish: UpstreamWish, result: unknown): void;
  /** The node does not offer this subscription. */
  onRefused(wish: UpstreamWish): void;
  onDown(reason: DownReason): void;
}

const handshakeMs = 4_000;
const pingEveryMs = 4_000;
/** A block with whole transactions on the largest chains stays well below. */
const maxPayload = 16 * 1024 * 1024;

/** One socket to one node, with the subscriptions that are wanted. Ends once, never comes back. */
export class UpstreamSocket {
  readonly #socket: WebSocket;
  readonly #listener: UpstreamListener;
  /** Requests under way, by id. */
  readonly #asked = new Map<number, UpstreamWish>();
  readonly #wishOf = new Map<string, UpstreamWish>();
  readonly #wishes: Set<UpstreamWish>;
  readonly #pings: NodeJS.Timeout;
  #sequence = 0;
  #heard = true;
  #ended = false;

  constructor(node: PoolNode, wishes: Iterable<UpstreamWish>, listener: UpstreamListener) {
    this.#wishes = new Set(wishes);
    this.#listener = listener;
    const { url, headers } = addressOf(node);
    this.#socket = new WebSocket(url, {
      headers,
      handshakeTimeout: handshakeMs,
      maxPayload,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket.on("open", () => {
      listener.onUp();
      for (const wish of this.#wishes) this.#ask(wish);
    });
    this.#socket.on("message", (data: Buffer) => this.#receive(data));
    this.#socket.on("pong", () => {
      this.#heard = true;
    });
    this.#socket.on("error", () => this.#end("refused"));
    this.#socket.on("close", () => this.#end("closed"));
    this.#pings = setInterval(() => this.#ping(), pingEveryMs);
  }

  /** Subscribes to one thing more. */
  want(wish: UpstreamWish): void {
    if (this.#wishes.has(wish)) return;
    this.#wishes.add(wish);
    if (this.#socket.readyState === WebSocket.OPEN) this.#ask(wish);
  }

  unwant(wish: UpstreamWish): void {
    this.#wishes.delete(wish);
    for (const [id, wished] of this.#wishOf) {
      if (wished !== wish) continue;
      this.#wishOf.delete(id);
      this.#send("eth_unsubscribe", [id]);
    }
  }

  /** Ends it without telling the listener. */
  close(): void {
    this.#ended = true;
    clearInterval(this.#pings);
    this.#socket.terminate();
  }

  #end(reason: DownReason): void {
    if (this.#ended) return;
    this.close();
    this.#listener.onDown(reason);
  }

  #ping(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (!this.#heard) {
      this.#end("silent");
      return;
    }
    this.#heard = false;
    this.#socket.ping();
  }

  #ask(wish: UpstreamWish): void {
    this.#asked.set(this.#send("eth_subscribe", paramsOf[wish]), wish);
  }

  #send(method: string, params: unknown[]): number {
    const id = ++this.#sequence;
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    }
    return id;
  }

  #receive(data: Buffer): void {
    if (this.#ended) return;
    this.#heard = true;
    const message = parse(data);
    if (!message) {
      this.#end("bad answers");
      return;
    }
    if (message.method === "eth_subscription") {
      const params = message.params as { subscription?: unknown; result?: unknown } | null | undefined;
      const wish = this.#wishOf.get(String(params?.subscription));
      if (wish) this.#listener.onNotification(wish, params?.result);
      return;
    }
    const wish = this.#asked.get(Number(message.id));
    if (!wish) return;
    this.#asked.delete(Number(message.id));
    if (typeof message.result === "string") this.#wishOf.set(message.result, wish);
    else this.#listener.onRefused(wish);
  }
}

function parse(data: Buffer): Record<string, unknown> | undefined {
  try {
    const message: unknown = JSON.parse(data.toString());
    return typeof message === "object" && message !== null ? (message as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `user:pass@` travels as Basic authentication, not in the URL. */
function addressOf(node: PoolNode): { url: string; headers: Record<string, string> } {
  const url = new URL(node.wsUrl ?? "");
  const headers = { ...node.headers };
  if (url.username || url.password) {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString("base64")}`;
    url.username = "";
    url.password = "";
  }
  return { url: url.href, headers };
}
