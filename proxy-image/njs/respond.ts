import type { Call } from "./call";
import { failureStatus } from "./conclude";
import { countResponse } from "./counters";
import type { Exchange } from "./exchange";
import { logFacts } from "./logFacts";
import { answerText } from "./rpcError";
import type { Runtime } from "./types";

export function respond(r: NginxHTTPRequest, status: number, body?: string): void {
  countResponse(status);
  r.return(status, body);
}

/** Sends a client the answers to all its calls. */
export function answerExchange(
  r: NginxHTTPRequest,
  exchange: Exchange,
  isBatch: boolean,
  runtime: Runtime,
): void {
  if (runtime.limits.logRequests) logFacts(r, exchange, isBatch, runtime.limits.logParams);
  // The connection could take no further request before the node that was given up has finished.
  if (exchange.abandoned) r.headersOut.Connection = "close";
  if (isBatch) answerBatch(r, exchange.calls);
  else answerSingle(r, exchange.calls[0]!);
  for (const call of exchange.calls) call.forget();
}

function answerSingle(r: NginxHTTPRequest, call: Call): void {
  if (call.idText === undefined) {
    respond(r, 204);
    return;
  }
  if (call.restMs > 0 && call.outcome === "failed")
    r.headersOut["Retry-After"] = String(Math.ceil(call.restMs / 1000));
  respond(r, call.outcome === "failed" ? failureStatus(call) : 200, answerText(call.idText, call.member!));
}

function answerBatch(r: NginxHTTPRequest, calls: Call[]): void {
  let body = "";
  for (const { idText, member } of calls) {
    if (idText !== undefined) body += `${body === "" ? "[" : ","}${answerText(idText, member!)}`;
  }
  if (body === "") respond(r, 204);
  else respond(r, 200, `${body}]`);
}
