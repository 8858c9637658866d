import { FetchRequest, type GetUrlResponse } from "ethers";
import type { RegisteredNode } from "../domain/node";
import { type NodeUrl, parseNodeUrl } from "../domain/nodeUrl";
import { BadAnswerError, RpcAnswerError, readQuantity, readResult, readSyncing } from "../domain/rpcAnswer";
import type { ProbeFailure, ProbeResult } from "../domain/verdict";
import type { NodeProber } from "../ports/nodeProber";
import { awakeDeadline } from "./awakeDeadline";
import { createLimiter } from "./concurrently";
import { createProbeAgent, type GuardedRequest, guardedRequest, NodeRequestError } from "./guardedRequest";

export interface ProberOptions {
  /** Loopback and private addresses may be connected to. */
  allowPrivate: boolean;
  /** Largest answer that is read. Default 64 KiB: three small answers are all that is asked for. */
  maxAnswerBytes?: number;
}

type Call = (method: string) => Promise<unknown>;

/** Probes of one process at once: more only make it late for all of them. A Lambda has a batch of 50. */
const probesAtOnce = 256;

/** Probes nodes with ethers' requests, over a transport with hard limits: no retries, no redirects, one connection. */
export function createEthersNodeProber({ allowPrivate, maxAnswerBytes = 65_536 }: ProberOptions): NodeProber {
  const inTurn = createLimiter(probesAtOnce);
  const probe = async (node: RegisteredNode, timeoutMs: number): Promise<ProbeResult> => {
    const started = performance.now();
    // The node may have been registered when other addresses were allowed.
    const parsed = parseNodeUrl(node.url, { allowPrivate });
    if (!parsed.ok) return { nodeId: node.id, ok: false, reason: "unreachable", latencyMs: 0 };
    const deadline = awakeDeadline(timeoutMs);
    const agent = createProbeAgent(node.url);
    const limits = { agent, signal: deadline.signal, maxAnswerBytes, allowPrivate };
    try {
      return await look(node.id, caller(parsed.url, node, limits));
    } catch (error) {
      const latencyMs = Math.round(performance.now() - started);
      return { nodeId: node.id, ok: false, reason: failure(error), latencyMs };
    } finally {
      deadline.end();
      agent.destroy();
    }
  };
  return { probe: (node, timeoutMs) => inTurn(() => probe(node, timeoutMs)) };
}

async function look(nodeId: string, call: Call): Promise<ProbeResult> {
  const chainId = readQuantity(await call("eth_chainId"));
  // Timed on the open connection: what a call takes, not what a handshake takes.
  const started = performance.now();
  const height = readQuantity(await call("eth_blockNumber"));
  const latencyMs = Math.round(performance.now() - started);
  return { nodeId, ok: true, chainId, height, syncing: await isSyncing(call), latencyMs };
}

/** Providers often don't offer `eth_syncing`: refusing it is no fault. Not answering at all is. */
async function isSyncing(call: Call): Promise<boolean> {
  try {
    return readSyncing(await call("eth_syncing"));
  } catch (error) {
    const reason = failure(error);
    if (reason === "timeout" || reason === "unreachable") throw error;
    return false;
  }
}

type Limits = Pick<GuardedRequest, "agent" | "signal" | "maxAnswerBytes" | "allowPrivate">;

function caller(url: NodeUrl, node: RegisteredNode, limits: Limits): Call {
  let id = 0;
  return async (method) => {
    id += 1;
    const request = new FetchRequest(`${url.scheme}://${url.host}:${url.port}${url.path}`);
    request.allowGzip = false;
    request.setThrottleParams({ maxAttempts: 1 });
    for (const [name, value] of Object.entries(requestHeaders(url, node))) request.setHeader(name, value);
    request.body = JSON.stringify({ jsonrpc: "2.0", id, method, params: [] });
    request.getUrlFunc = (sent) => fetchOnce(sent, limits);
    const response = await request.send();
    return readResult(response.bodyText, id);
  };
}

function requestHeaders(url: NodeUrl, node: RegisteredNode): Record<string, string> {
  const basic = url.credentials && `Basic ${Buffer.from(url.credentials).toString("base64")}`;
  return {
    "content-type": "application/json",
    accept: "application/json",
    "user-agent": "jsonrpc-gateway",
    ...(basic ? { authorization: basic } : {}),
    ...node.headers,
  };
}

/** ethers' transport. Statuses other than 200 end here, before ethers would follow or repeat. */
async function fetchOnce(sent: FetchRequest, limits: Limits): Promise<GetUrlResponse> {
  const { url, method, headers, body } = sent;
  const answer = await guardedRequest({ url, method, headers, body: body ?? undefined, ...limits });
  if (answer.status !== 200) throw new NodeRequestError("http_error", `status ${answer.status}`);
  return { statusCode: 200, statusMessage: "", headers: {}, body: answer.body };
}

function failure(error: unknown): ProbeFailure {
  if (error instanceof NodeRequestError) return error.reason;
  if (error instanceof RpcAnswerError) return "rpc_error";
  if (error instanceof BadAnswerError) return "bad_response";
  // From ethers: a body that is not UTF-8.
  return "bad_response";
}
