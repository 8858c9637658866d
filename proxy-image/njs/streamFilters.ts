import { classifyError } from "../../functions/domain/providerErrors";
import { blameOthers, failNode } from "./blame";
import { Call } from "./call";
import { countAnswer, countCall, countFailure, countResponse } from "./counters";
import { log, logLine } from "./logFacts";
import { wantedOf } from "./nextNode";
import { learnMissing, learnUnsupported } from "./rememberedGaps";
import { answerText, errorMember, internalError } from "./rpcError";
import { loadRuntime } from "./runtime";
import { noteGood, recover } from "./state";
import { bodyOf, type Stream, streamingNode, streamOf } from "./streaming";
import type { Failure, Network, Node, Runtime } from "./types";

/** How the beginning of an answer is taken for an error. */
const errorFirst = /^\s*\{(?:(?!"result"\s*:)[\s\S]){0,300}?"error"\s*:\s*[{"]/;
const readLength = 512;
/** How an answer ended that was not passed on; followed by the instant. */
const refused = "refused ";
const refusedForMs = 500;

/** `js_header_filter`: nothing of a node's header but what says how long the body is. */
export function streamHeader(r: NginxHTTPRequest): void {
  const stream = streamOf(r);
  if (stream === undefined) return;
  const { headersOut } = r;
  const length = Number(headersOut["Content-Length"] ?? 0);
  // It was not asked for, and what is in it could not be looked into.
  const isEncoded = headersOut["Content-Encoding"] !== undefined;
  for (const name of Object.keys(headersOut)) {
    if (name.toLowerCase() !== "content-length") delete headersOut[name];
  }
  headersOut["Content-Type"] = "application/json";
  const runtime = loadRuntime(r);
  const network = runtime.networks.get(stream.network)!;
  const node = streamingNode(runtime, stream);
  if (isEncoded || length > Number(r.variables.gateway_largest)) {
    refuse(r, runtime, network, node, isEncoded ? "garbage" : "tooLarge");
    return;
  }
  noteAnswer(runtime, network, node, stream);
}

/** The answer is not passed on; the body filter puts an error in its place. */
function refuse(r: NginxHTTPRequest, runtime: Runtime, network: Network, node: Node, failure: Failure): void {
  delete r.headersOut["Content-Length"];
  r.status = 502;
  const call = new Call(undefined, "", undefined);
  failNode(runtime, network, call, node, failure, Date.now());
  (r.variables as Record<string, string>).gateway_stream_end = failure;
}

function noteAnswer(runtime: Runtime, network: Network, node: Node, { tried, failures }: Stream): void {
  const now = Date.now();
  noteGood(network, now);
  if (node.ejectedUntil > 0) recover(node, now);
  const call = new Call(undefined, "", undefined);
  failures.forEach((failure, index) => {
    call.fail(runtime.nodes.get(tried[index]!)!, failure);
  });
  blameOthers(runtime, network, call, node, now);
}

/**
 * `js_body_filter`: looks at the beginning of an answer only, and leaves the rest to nginx. What the script itself sent on would be
 * copied, and kept in memory for a client that reads slowly.
 */
export function streamBody(r: NginxHTTPRequest, data: Buffer, flags: NginxHTTPSendBufferOptions): void {
  const { gateway_stream_end: end } = r.variables;
  if (end?.startsWith(refused) === true) {
    // The error must have been sent before the connection is broken off: nothing else stops the node.
    if (Date.now() - Number(end.slice(refused.length)) > refusedForMs)
      throw new Error("a node is still sending what is not passed on");
    return;
  }
  const stream = streamOf(r);
  if (stream === undefined) {
    r.sendBuffer(data, flags);
    r.done();
    return;
  }
  if (end === "tooLarge" || end === "garbage") {
    const message = end === "tooLarge" ? "The answer is too large." : "The node gave no valid answer.";
    const { id } = bodyOf(r.variables.gateway_body!);
    r.sendBuffer(answerText(id, errorMember(internalError, message)), { last: true });
    (r.variables as Record<string, string>).gateway_stream_end = `${refused}${Date.now()}`;
    return;
  }
  // Nothing has come yet.
  if (data.length === 0 && !flags.last) {
    r.sendBuffer(data, flags);
    return;
  }
  const isError = end === "error" || errorFirst.test(data.toString("utf8", 0, readLength));
  if (!isError) {
    r.sendBuffer(data, flags);
    r.done();
    return;
  }
  const runtime = loadRuntime(r);
  const node = streamingNode(runtime, stream);
  if (end !== "error") learnFrom(r, runtime.networks.get(stream.network)!, node, stream.method, data);
  (r.variables as Record<string, string>).gateway_stream_end = "error";
  r.sendBuffer(masked(data, node.secrets), flags);
}

/** It is too late for this call, but the next one need not go to a node that can't answer it. */
function learnFrom(r: NginxHTTPRequest, network: Network, node: Node, method: string, data: Buffer): void {
  let error: { code?: unknown; message?: unknown } | null | undefined;
  try {
    error = (JSON.parse(data.toString("utf8")) as { error?: typeof error }).error;
  } catch {
    // It is longer than this piece.
  }
  const code = typeof error?.code === "number" ? error.code : undefined;
  const message = typeof error?.message === "string" ? error.message : "";
  const { class: errorClass } = classifyError({ code, message });
  if (errorClass !== "unsupported" && errorClass !== "missingData") return;
  countFailure(network, node, errorClass);
  const now = Date.now();
  // Texts can be brought about by a caller; a code can't.
  if (code === noSuchMethod) learnUnsupported(network, node, method, now);
  if (errorClass === "unsupported") return;
  const call = new Call(undefined, method, bodyOf(r.variables.gateway_body!).params);
  learnMissing(network, node, wantedOf(network, call).old, now);
}
const noSuchMethod = -32601;

/** Errors of providers have been seen to quote the key. Its place is filled: the length may be announced already. */
function masked(data: Buffer, secrets: string[]): Buffer {
  let clean = data;
  for (const secret of secrets) {
    for (let at = clean.indexOf(secret); at !== -1; at = clean.indexOf(secret, at + secret.length)) {
      if (clean === data) clean = Buffer.from(data);
      clean.fill("*", at, at + secret.length);
    }
  }
  return clean;
}

/**
 * Variable that nginx evaluates when a streamed request has ended: counts it, and writes what the access log says of it.
 */
export function streamed(r: NginxHTTPRequest): string {
  const stream = streamOf(r);
  if (stream === undefined) return "";
  const runtime = loadRuntime(r);
  const network = runtime.networks.get(stream.network)!;
  const node = streamingNode(runtime, stream);
  const { variables } = r;
  const end = variables.gateway_stream_end ?? "";
  const isWhole = variables.request_completion === "OK" && !end.startsWith(refused);
  const call = new Call(undefined, stream.method, undefined);
  call.finish("", isWhole ? (end === "error" ? "error" : "ok") : "failed", node);
  countCall(network, call);
  const status = Number(variables.status);
  countResponse(status);
  if (isWhole) countAnswer(network, node, Date.now() - stream.startedAt, 1);
  const { length } = stream.tried;
  const params = runtime.limits.logParams
    ? `,"params":[${bodyOf(variables.gateway_body!).params ?? "null"}]`
    : "";
  const facts = `"attempts":${length},"method":${JSON.stringify(stream.method.slice(0, 64))},"outcome":"${call.outcome}"`;
  log(r, logLine(status, `"network":"${network.name}",${facts},"node":"${node.id}"${params}`));
  return "";
}
