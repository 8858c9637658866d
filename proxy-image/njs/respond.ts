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
  const body = isBatch ? batchBody(exchange.calls) : singleBody(exchange.calls[0]!);
  const status = body === undefined ? 204 : isBatch ? 200 : statusOf(exchange.calls[0]!);
  if (runtime.limits.logRequests) logFacts(r, exchange, status, isBatch, runtime.limits.logParams);
  // The connection could take no further request before the node that was given up has finished.
  if (exchange.abandoned) r.headersOut.Connection = "close";
  const { restMs, outcome } = exchange.calls[0]!;
  if (!isBatch && body !== undefined && restMs > 0 && outcome === "failed")
    r.headersOut["Retry-After"] = String(Math.ceil(restMs / 1000));
  respond(r, status, body);
  for (const call of exchange.calls) call.forget();
}

function statusOf(call: Call): number {
  return call.outcome === "failed" ? failureStatus(call) : 200;
}

/** Undefined when nothing is to be said. */
function singleBody({ idText, member }: Call): string | undefined {
  return idText === undefined ? undefined : answerText(idText, member!);
}

function batchBody(calls: Call[]): string | undefined {
  let body = "";
  for (const { idText, member } of calls) {
    if (idText !== undefined) body += `${body === "" ? "[" : ","}${answerText(idText, member!)}`;
  }
  return body === "" ? undefined : `${body}]`;
}
