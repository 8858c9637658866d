import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Who a call is made for, as nginx told when the socket was opened. */
export interface Caller {
  address?: string;
  /** Id of the key that the socket was opened with. nginx believes it on its own socket only. */
  key?: string;
  origin?: string;
}

export interface RoadAnswer {
  status: number;
  body: Buffer;
}

/** A call did not get through, or its answer is of no use. Free of secrets. */
class RoadError extends Error {
  override readonly name = "RoadError";
}

export interface RoadOptions {
  /** Where nginx takes calls: a unix socket, or a port of this machine. */
  socketPath?: string;
  port?: number;
  /** Most calls under way at once, for all clients together; each has a connection of its own, so none waits behind a slow one. */
  maxConnections: number;
  /** Largest answer that is passed on to a socket. */
  maxAnswerBytes: number;
}

/** nginx limits every call itself; this only ends calls that it forgot. */
const forgottenAfterMs = 300_000;
/** While nginx starts again nobody listens; nothing has been sent then, so trying again is safe. */
const connectTries = 20;
const connectEveryMs = 50;

/** The way that every call takes: through nginx, where failover, cache, limits and errors are. */
export class Road {
  readonly #agent: http.Agent;
  readonly #options: RoadOptions;
  #sequence = 0;

  constructor(options: RoadOptions) {
    this.#options = options;
    this.#agent = new http.Agent({
      keepAlive: true,
      maxSockets: options.maxConnections,
      maxFreeSockets: 64,
      scheduling: "lifo",
    });
  }

  /** Passes a request body on as it is. */
  async post(path: string, body: Buffer | string, caller: Caller, signal?: AbortSignal): Promise<RoadAnswer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#post(path, body, caller, signal);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        const nobodyThere = code === "ECONNREFUSED" || code === "ENOENT" || code === "EAGAIN";
        const closedIdle = error instanceof IdleConnectionClosed && tries < 3;
        if (signal?.aborted || tries >= connectTries || !(nobodyThere || closedIdle)) throw error;
        if (nobodyThere) await sleep(connectEveryMs);
      }
    }
  }

  /**
   * A call of the gateway itself.
   * @throws RoadError when no node could answer, or answered with an error
   */
  async ask(network: string, method: string, params: unknown[], timeoutMs: number): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++this.#sequence, method, params });
    let answer: unknown;
    try {
      const { body: text } = await this.post(`/${network}`, body, {}, AbortSignal.timeout(timeoutMs));
      answer = JSON.parse(text.toString());
    } catch (cause) {
      throw new RoadError(`${method} failed`, { cause });
    }
    if (typeof answer !== "object" || answer === null) throw new RoadError(`${method} was not answered`);
    if (!("result" in answer)) {
      const error = "error" in answer ? (answer.error as { code?: unknown } | null) : undefined;
      throw new RoadError(`${method} was answered with error ${Number(error?.code)}`, {
        cause: { code: error?.code },
      });
    }
    return answer.result;
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, body: Buffer | string, caller: Caller, signal?: AbortSignal): Promise<RoadAnswer> {
    return new Promise((resolve, reject) => {
      const { socketPath, port, maxAnswerBytes } = this.#options;
      const request = http.request({
        ...(socketPath ? { socketPath } : { host: "127.0.0.1", port }),
        agent: this.#agent,
        method: "POST",
        path,
        headers: headersFor(body, caller),
        timeout: forgottenAfterMs,
        ...(signal ? { signal } : {}),
      });
      request.on("timeout", () => request.destroy(new RoadError("not answered")));
      request.on("error", (error: NodeJS.ErrnoException) => {
        // nginx may close an idle connection just when it is used again; it has not read the call then.
        const idle = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(idle ? new IdleConnectionClosed() : error);
      });
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > maxAnswerBytes) request.destroy(new RoadError("the answer is too large for a socket"));
          else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, body: whole });
        });
      });
      request.end(body);
    });
  }
}

class IdleConnectionClosed extends Error {}

function headersFor(body: Buffer | string, caller: Caller): http.OutgoingHttpHeaders {
  return {
    host: "gateway",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...(caller.address ? { "x-forwarded-for": caller.address } : {}),
    ...(caller.key ? { "x-gateway-key": caller.key } : {}),
    ...(caller.origin ? { origin: caller.origin } : {}),
  };
}
