import { admit, admitSocket, admittedNetwork, limitBatch, networkBeforeKey } from "./admission";
import { landCall } from "./cache";
import { answerKept, keepAnswers, takeTurnOf } from "./cachedCalls";
import type { Call } from "./call";
import { Exchange } from "./exchange";
import { holdNodes, quickCall } from "./quickCall";
import { readRequest } from "./request";
import { answerExchange, respond } from "./respond";
import { answerText, errorMember, internalError, invalidRequest, methodNotFound } from "./rpcError";
import { runtime as loaded, loadRuntime } from "./runtime";
import { commonEpochKey, isInForce, refreshState, shared } from "./state";
import { streamCall } from "./streaming";
import type { Network, Runtime } from "./types";

const dateNow = Date.now;

/** `js_content` of `/`. */
export function callDefault(r: NginxHTTPRequest): void {
  const runtime = loaded ?? loadRuntime(r);
  const network = runtime.defaultNetwork;
  // The usual case of `callNetwork`, without its calls of functions: nothing has changed since this context's last request.
  if (
    network === undefined ||
    runtime.admission !== undefined ||
    network.seenEpoch !== shared?.get(commonEpochKey) ||
    !isInForce
  ) {
    callNetwork(r, runtime, network);
    return;
  }
  const text = r.requestText ?? "";
  const now = dateNow();
  if (!quickCall(r, runtime, network, text, now)) callGenerally(r, runtime, network, text, now);
}

/** `js_content` of everything else that clients call. */
export function call(r: NginxHTTPRequest): void {
  const runtime = loaded ?? loadRuntime(r);
  callNetwork(r, runtime, networkAt(runtime, r.uri));
}

/** The same two where many requests are under way. */
export function callDefaultOfMany(r: NginxHTTPRequest): void {
  holdNodes();
  callDefault(r);
}
export function callOfMany(r: NginxHTTPRequest): void {
  holdNodes();
  call(r);
}

function callNetwork(r: NginxHTTPRequest, runtime: Runtime, asked: Network | undefined): void {
  const now = dateNow();
  if (!refreshState(runtime, asked)) {
    r.internalRedirect("@newest");
    return;
  }
  const text = r.requestText ?? "";
  let network = asked;
  if (runtime.admission !== undefined) {
    if (!admit(r, runtime, network, text, now)) return;
    network = admittedNetwork;
  }
  if (network === undefined || !quickCall(r, runtime, network, text, now))
    callGenerally(r, runtime, network, text, now);
}

/** Requests that are unusual in their form, or what they ask for. */
function callGenerally(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network | undefined,
  text: string,
  now: number,
): void {
  const request = readRequest(text, runtime.limits.batchLimit);
  if (request.kind === "bad") {
    respond(r, request.status, request.body);
    return;
  }
  const calls = request.kind === "single" ? [request.call] : request.calls;
  if (network === undefined || (network.nodes.length === 0 && network.leader === undefined)) {
    answerWithoutNodes(r, runtime, network, calls, request.kind === "batch");
    return;
  }
  if (runtime.admission !== undefined && request.kind === "batch") limitBatch(r, runtime, calls, now);
  for (const one of calls) {
    if (one.member !== undefined) continue;
    if (!network.isAllowed(one.method)) {
      one.finish(errorMember(methodNotFound, "This method is not served here."), "refused");
      continue;
    }
    const fixed = network.fixed.get(one.method);
    if (fixed !== undefined) one.finish(fixed, "ok");
  }
  if (request.kind === "single" && streamCall(r, runtime, network, request.call, now)) return;
  if (request.kind === "single") {
    const exchange = new Exchange(r, runtime, network, calls, now, () => {
      landCall(request.call);
      answerExchange(r, exchange, false, runtime);
    });
    takeTurnOf(network, request.call, runtime.limits.attemptTimeoutMs, () => exchange.start());
    return;
  }
  answerKept(network, calls);
  new Exchange(r, runtime, network, calls, now, (exchange) => {
    keepAnswers(network, calls);
    answerExchange(r, exchange, true, runtime);
  }).start();
}

function answerWithoutNodes(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network | undefined,
  calls: Call[],
  isBatch: boolean,
): void {
  const isUnknown = network === undefined && (r.uri !== "/" || runtime.networks.size > 0);
  const status = isUnknown ? 404 : 503;
  const member = isUnknown
    ? errorMember(invalidRequest, "There is no such network here.")
    : errorMember(internalError, "No node is registered for this network.");
  if (isUnknown || !isBatch) {
    respond(r, status, answerText((isBatch ? undefined : calls[0]!.idText) ?? "null", member));
    return;
  }
  const answers = calls
    .filter(({ idText }) => idText !== undefined)
    .map(({ idText }) => answerText(idText!, member));
  respond(r, status, answers.length === 0 ? answerText("null", member) : `[${answers.join(",")}]`);
}

/** `js_content` of requests that are no POST. */
export function answerOtherMethod(r: NginxHTTPRequest): void {
  if (r.method === "GET" && r.headersIn.Upgrade?.toLowerCase() === "websocket") {
    if (admitSocket(r, networkAt)) r.internalRedirect("@sockets");
    return;
  }
  if (r.method === "OPTIONS") {
    r.headersOut["Access-Control-Allow-Methods"] = "POST, OPTIONS";
    r.headersOut["Access-Control-Allow-Headers"] =
      r.headersIn["Access-Control-Request-Headers"] ?? "Content-Type";
    r.headersOut["Access-Control-Max-Age"] = "86400";
    respond(r, 204);
    return;
  }
  r.headersOut.Allow = "POST, OPTIONS";
  const message = "Send JSON-RPC requests with POST.";
  respond(r, 405, answerText("null", errorMember(invalidRequest, message)));
}

function networkAt(runtime: Runtime, uri: string): Network | undefined {
  if (uri === "/") return runtime.defaultNetwork;
  return runtime.networks.get(networkName(uri)) ?? networkBeforeKey(runtime, uri);
}

/** `/mainnet` and `/mainnet/` → `mainnet` */
function networkName(uri: string): string {
  return uri.endsWith("/") ? uri.slice(1, -1) : uri.slice(1);
}
