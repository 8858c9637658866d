import http from "node:http";

interface Failure {
  startedAtMs: number;
  atMs: number;
  what: string;
}

/** What a load saw, up to now. */
export interface LoadReport {
  requests: number;
  failures: Failure[];
  /** Completed requests per second. */
  rate: number;
  p99Ms: number;
  /** `eth_blockNumber` results that were lower than one that the same client had seen. */
  headsFalling: number;
}

/** The failures of a report in a few lines, for the message of an assertion. */
export function describeFailures({ failures, requests }: LoadReport): string {
  const shown = failures.slice(0, 5).map(({ atMs, what }) => `${new Date(atMs).toISOString()} ${what}`);
  return [`${failures.length} of ${requests} requests failed:`, ...shown].join("\n");
}

/** One call of the load: its method, params, and a check of the answer's result. */
export interface LoadCall {
  method: string;
  params: unknown[];
  check: (result: unknown) => boolean;
}

/**
 * Clients on one keep-alive connection each that ask without pause until stopped, at about `ratePerSecond` together. Each answer must be
 * HTTP 200, carry the id of its call and pass the call's check; everything else is a failure.
 */
export class Load {
  readonly #failures: Failure[] = [];
  readonly #latencies: number[] = [];
  readonly #startedAtMs = Date.now();
  readonly #clients: Promise<void>[] = [];
  #stopped = false;
  #headsFalling = 0;

  constructor(
    readonly url: string,
    readonly calls: LoadCall[],
    { clients = 2, ratePerSecond = 240, timeoutMs = 15_000 } = {},
  ) {
    for (let client = 0; client < clients; client++) {
      this.#clients.push(this.#run(client, (1000 * clients) / ratePerSecond, timeoutMs));
    }
  }

  report(): LoadReport {
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    return {
      requests: this.#latencies.length + this.#failures.length,
      failures: this.#failures,
      rate: (this.#latencies.length * 1000) / (Date.now() - this.#startedAtMs),
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      headsFalling: this.#headsFalling,
    };
  }

  async stop(): Promise<LoadReport> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return this.report();
  }

  async #run(client: number, everyMs: number, timeoutMs: number): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let head = 0;
    let next = Date.now();
    for (let sequence = 0; !this.#stopped; sequence++) {
      const id = client * 1e9 + sequence;
      const call = this.calls[sequence % this.calls.length]!;
      const startedAt = performance.now();
      const startedAtMs = Date.now();
      try {
        const result = await post(
          this.url,
          agent,
          { jsonrpc: "2.0", id, method: call.method, params: call.params },
          timeoutMs,
        );
        if (!call.check(result))
          throw new Error(`unexpected result of ${call.method}: ${JSON.stringify(result)?.slice(0, 200)}`);
        if (call.method === "eth_blockNumber") {
          if (Number(result) < head) this.#headsFalling++;
          head = Math.max(head, Number(result));
        }
        this.#latencies.push(performance.now() - startedAt);
      } catch (error) {
        this.#failures.push({ startedAtMs, atMs: Date.now(), what: String(error) });
      }
      next = Math.max(next + everyMs, Date.now() - 1000);
      const wait = next - Date.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    agent.destroy();
  }
}

/** Posts one call, once: a connection that the server closes under a waiting request counts as a failure. */
async function post(
  url: string,
  agent: http.Agent,
  call: { id: number; [key: string]: unknown },
  timeoutMs: number,
): Promise<unknown> {
  const body = JSON.stringify(call);
  const text = await new Promise<string>((resolve, reject) => {
    const request = http.request(
      url,
      {
        method: "POST",
        agent,
        timeout: timeoutMs,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`HTTP ${response.statusCode}: ${answer.slice(0, 300)}`));
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on("error", reject);
    request.end(body);
  });
  const answer = JSON.parse(text) as { id?: unknown; result?: unknown; error?: unknown };
  if (answer.id !== call.id) throw new Error(`answer to ${call.id} has id ${JSON.stringify(answer.id)}`);
  if (answer.error !== undefined)
    throw new Error(`JSON-RPC error: ${JSON.stringify(answer.error).slice(0, 300)}`);
  return answer.result;
}
