import { WebSocket } from "ws";
import { createEthersNodeProber } from "../functions/adapters/ethersNodeProber";
import { createProbeAgent, guardedRequest } from "../functions/adapters/guardedRequest";
import { networkOfChain } from "../functions/domain/networkTable";
import { parseNodeUrl } from "../functions/domain/nodeUrl";
import type { Reason } from "../functions/domain/verdict";
import { CliError } from "./adminClient";

/** What a node says of itself; the rest is absent when it can't be asked at all. */
export interface NodeReport {
  healthy: boolean;
  reason: Reason;
  latencyMs: number;
  chainId?: number;
  network?: string;
  height?: number;
  syncing?: boolean;
  /** Knows the state of the first block. */
  archive?: boolean;
  trace?: boolean;
  debug?: boolean;
  websockets?: boolean;
  /** Largest batch that was answered, of those tried. */
  batchLimit?: number;
}

const batchesTried = [100, 10, 2];
const mostAnswerBytes = 8 * 1024 * 1024;
const nobody = "0x0000000000000000000000000000000000000000";

/** Looks at a node as the health check does, then asks what else it can do. */
export async function inspectNode(
  url: string,
  { chainId, timeoutMs }: { chainId?: number; timeoutMs: number },
): Promise<NodeReport> {
  const parsed = parseNodeUrl(url, { allowPrivate: true });
  if (!parsed.ok) throw new CliError(`The URL ${parsed.problems.join("; ")}.`);
  const node = {
    ...{ id: "checked", network: "", url: parsed.url.href, isLeader: false, weight: 100, drained: false },
    ...{ source: "admin" as const, whenAdded: "" },
  };
  const seen = await createEthersNodeProber({ allowPrivate: true }).probe(node, timeoutMs);
  if (!seen.ok) return { healthy: false, reason: seen.reason, latencyMs: seen.latencyMs };
  const reason: Reason =
    chainId !== undefined && chainId !== seen.chainId ? "wrong_chain" : seen.syncing ? "syncing" : "ok";
  const ask = asker(parsed.url.href, timeoutMs);
  const [archive, trace, debug, websockets] = await Promise.all([
    seen.height > 0 ? answers(ask, "eth_getBalance", [nobody, "0x1"]) : undefined,
    answers(ask, "trace_block", ["latest"]),
    answers(ask, "debug_traceBlockByNumber", ["latest", { tracer: "callTracer" }]),
    opensSocket(parsed.url.href, timeoutMs),
  ]);
  return {
    ...{ healthy: reason === "ok", reason, latencyMs: seen.latencyMs, chainId: seen.chainId },
    ...{ network: networkOfChain(seen.chainId).name, height: seen.height, syncing: seen.syncing },
    ...{ archive, trace, debug, websockets, batchLimit: await largestBatch(ask) },
  };
}

type Ask = (body: unknown) => Promise<unknown>;

function asker(url: string, timeoutMs: number): Ask {
  const { username, password } = new URL(url);
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (username || password) {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    headers.authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  }
  return async (body) => {
    const agent = createProbeAgent(url);
    try {
      const answer = await guardedRequest({
        ...{ url: bare.href, method: "POST", headers, agent, allowPrivate: true },
        body: Buffer.from(JSON.stringify(body)),
        signal: AbortSignal.timeout(timeoutMs),
        maxAnswerBytes: mostAnswerBytes,
      });
      return JSON.parse(Buffer.from(answer.body).toString("utf8"));
    } finally {
      agent.destroy();
    }
  };
}

/** Undefined when it did not answer at all: then nobody knows. */
async function answers(ask: Ask, method: string, params: unknown[]): Promise<boolean | undefined> {
  try {
    const answer = (await ask({ jsonrpc: "2.0", id: 1, method, params })) as { result?: unknown } | null;
    return answer?.result !== undefined && answer.result !== null;
  } catch {
    return undefined;
  }
}

async function largestBatch(ask: Ask): Promise<number> {
  for (const size of batchesTried) {
    const calls = Array.from({ length: size }, (_, id) => ({
      ...{ jsonrpc: "2.0", id, method: "eth_chainId", params: [] },
    }));
    const answer = await ask(calls).catch(() => undefined);
    const good = Array.isArray(answer) ? answer.filter((one) => one?.result !== undefined).length : 0;
    if (good === size) return size;
  }
  return 0;
}

function opensSocket(url: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { handshakeTimeout: timeoutMs });
    const end = (opens: boolean) => {
      socket.terminate();
      resolve(opens);
    };
    socket.on("open", () => end(true));
    socket.on("error", () => end(false));
  });
}
