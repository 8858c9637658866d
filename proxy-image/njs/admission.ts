import { clientOf } from "../../functions/domain/clientOf";
import type { PoolAdmission } from "../../functions/domain/render/poolFile";
import type { Call } from "./call";
import { countKeyCalls, countLimited, countTurnedAway } from "./counters";
import { isFromWithin } from "./inside";
import { type Key, keyOfId, keyOfText, knowsKeys } from "./keyStore";
import { log, logLine } from "./logFacts";
import { countCalls, waitMs } from "./rateLimit";
import { readRequest } from "./request";
import { respond } from "./respond";
import { answerText, errorMember, internalError, invalidRequest, limitExceeded } from "./rpcError";
import { loadRuntime } from "./runtime";
import type { Network, Runtime } from "./types";

/*
 * Who is let in, and how often. The caller of the request under way: a context serves one at a time.
 */
let key: Key | undefined;
/** Name of what the client's address has used up; undefined when that is not limited. */
let client: string | undefined;
/** The network as the caller gets it: with the methods that its key may call. */
export let admittedNetwork: Network | undefined;

/** What nginx calls the peer of a unix socket that names no client: the socket gateway asks something itself. */
const nobody = "unix:";
const limitMessage = "The rate limit is exceeded.";

/**
 * Lets a request in, or answers it. A single call is counted here, the calls of a batch with `limitBatch`.
 * @returns false when it is answered; else its network is in `admittedNetwork`
 */
export function admit(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network | undefined,
  text: string,
  now: number,
): boolean {
  const admission = runtime.admission!;
  key = undefined;
  client = undefined;
  admittedNetwork = network;
  if (admission.addressRate.perSecond > 0) {
    const address = r.remoteAddress;
    if (address === nobody) return true;
    client = bucketOf(address);
  }
  if (admission.requiresKey && !identify(r, runtime, network, now)) return false;
  if (isBatch(text)) return true;
  if (callsOver(admission, 1, now) === 0) return true;
  answerLimited(r, runtime, network, text);
  return false;
}

/** Fails those of a batch's calls that are over a limit: the last ones. */
export function limitBatch(r: NginxHTTPRequest, runtime: Runtime, calls: Call[], now: number): void {
  const open = calls.filter(({ member }) => member === undefined);
  if (open.length === 0) return;
  const over = callsOver(runtime.admission!, open.length, now);
  if (over === 0) return;
  r.headersOut["Retry-After"] = retryAfter();
  const member = errorMember(limitExceeded, limitMessage);
  for (const call of open.slice(open.length - over)) call.finish(member, "refused");
}

/** Lets a WebSocket in, or answers: the socket gateway is told whose it is, and sends that along with each call. */
export function admitSocket(
  r: NginxHTTPRequest,
  networkAt: (runtime: Runtime, uri: string) => Network | undefined,
): boolean {
  const runtime = loadRuntime(r);
  const requiresKey = runtime.admission?.requiresKey === true;
  const wanted = networkAt(runtime, r.uri);
  key = undefined;
  if (requiresKey && !identify(r, runtime, wanted, Date.now())) return false;
  if (wanted === undefined && requiresKey) {
    respond(r, 404, answerText("null", errorMember(invalidRequest, "There is no such network here.")));
    return false;
  }
  const variables = r.variables as Record<string, string>;
  if (requiresKey) variables.gateway_key_id = idOfCaller();
  variables.gateway_path = `/${wanted?.name ?? "~nowhere"}`;
  return true;
}

/** What `identify` has found. */
const idOfCaller = () => key?.id ?? "";

/** The network of a path that ends with a key, `/<network>/<key>` or `/<key>`: also while none is needed, so that callers can go ahead. */
export function networkBeforeKey(runtime: Runtime, uri: string): Network | undefined {
  const at = uri.indexOf(keyInPath);
  if (at === -1) return undefined;
  return at === 0 ? runtime.defaultNetwork : runtime.networks.get(uri.slice(1, at));
}

/** No network's name has an underscore. */
const keyInPath = "/gw_";

/** Finds out whose request it is. @returns false when it is answered */
function identify(
  r: NginxHTTPRequest,
  { admission, limits }: Runtime,
  network: Network | undefined,
  now: number,
): boolean {
  const { keyRate } = admission!;
  const text = textOfKey(r);
  const sent = text === undefined && isFromWithin(r) ? (r.headersIn["X-Gateway-Key"] ?? "") : undefined;
  if (sent === "" && r.remoteAddress === nobody) return true;
  if (!knowsKeys(r)) {
    r.headersOut["Retry-After"] = "1";
    return refuse(r, 503, "unknown keys", errorMember(internalError, "The proxy is still starting."));
  }
  if (text !== undefined) key = keyOfText(text, keyRate);
  else if (sent !== undefined) key = keyOfId(sent, keyRate);
  if (key === undefined || now >= key.expiresAtMs) {
    r.headersOut["WWW-Authenticate"] = "Bearer";
    return refuse(r, 401, "key", errorMember(invalidRequest, "A valid key is needed."));
  }
  if (limits.logRequests) (r.variables as Record<string, string>).gateway_key = key.log;
  const { networks, origins, isAllowed } = key;
  if (origins !== undefined && !origins.has(r.headersIn.Origin ?? "")) {
    return refuse(r, 403, "origin", errorMember(invalidRequest, "The key is not for this origin."));
  }
  if (network === undefined) return true;
  if (networks !== undefined && !networks.has(network.name)) {
    return refuse(r, 403, "network", errorMember(invalidRequest, "The key is not for this network."));
  }
  if (isAllowed !== undefined) admittedNetwork = narrowed(network, key, isAllowed);
  return true;
}

/** The key that came with a request, in its path or, if there is none, as a bearer token. */
function textOfKey(r: NginxHTTPRequest): string | undefined {
  const { uri } = r;
  const at = uri.indexOf(keyInPath);
  if (at !== -1) return uri.endsWith("/") ? uri.slice(at + 1, -1) : uri.slice(at + 1);
  const header = r.headersIn.Authorization;
  return header === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(header)?.[1];
}

function refuse(r: NginxHTTPRequest, status: number, reason: string, member: string): false {
  countTurnedAway(reason, 1);
  if (key !== undefined) countKeyCalls(key.counters.refused, 1);
  respond(r, status, answerText("null", member));
  return false;
}

/** The network with fewer methods. */
function narrowed(
  network: Network,
  { narrowed: known }: Key,
  isAllowed: (method: string) => boolean,
): Network {
  let narrow = known.get(network.name);
  if (narrow === undefined) {
    narrow = viewOf(network, {
      isAllowed: (method) => isAllowed(method) && network.isAllowed(method),
      methods: new Map(),
      idFirstMethods: [],
      spellings: [],
    });
    known.set(network.name, narrow);
  }
  return narrow;
}

/** The same network but for some members: what is learnt about either, like who is ejected, both know. */
function viewOf(network: Network, own: Partial<Network>): Network {
  const view = Object.create(network) as Network;
  for (const name of Object.keys(network) as (keyof Network)[]) {
    Object.defineProperty(view, name, {
      get: () => network[name],
      set: (value: never) => {
        network[name] = value;
      },
      configurable: true,
    });
  }
  for (const [name, value] of Object.entries(own)) Object.defineProperty(view, name, { value });
  return view;
}

/** Counts calls against the limits of address and key. @returns how many are over one of them */
function callsOver({ addressRate }: PoolAdmission, count: number, now: number): number {
  let over = 0;
  if (client !== undefined) {
    over = countCalls(client, count, addressRate, now);
    if (over > 0) countTurnedAway("address rate", over);
  }
  if (key === undefined) return over;
  if (key.rate.perSecond > 0 && over < count) {
    const overKey = countCalls(key.bucket, count - over, key.rate, now);
    if (overKey > 0) countTurnedAway("key rate", overKey);
    over += overKey;
  }
  if (over > 0) countKeyCalls(key.counters.limited, over);
  if (over < count) countKeyCalls(key.counters.admitted, count - over);
  return over;
}

function answerLimited(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network | undefined,
  text: string,
): void {
  const request = readRequest(text, runtime.limits.batchLimit);
  if (request.kind !== "single") {
    // It is no valid call; a batch does not come here.
    respond(r, 400, request.kind === "bad" ? request.body : undefined);
    return;
  }
  const { call } = request;
  if (network !== undefined) {
    countLimited(network, call.method);
    log(r, logLine(429, `"network":"${network.name}","attempts":0,"outcome":"limited"`));
  }
  r.headersOut["Retry-After"] = retryAfter();
  respond(r, 429, answerText(call.idText ?? "null", errorMember(limitExceeded, limitMessage)));
}

/** Whole seconds, as the header wants them: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
const retryAfter = () => String(Math.max(1, Math.ceil(waitMs / 1000)));

function isBatch(text: string): boolean {
  let at = 0;
  while (text.charCodeAt(at) <= 32) at++;
  return text.charCodeAt(at) === 91;
}

let lastAddress = "";
let lastBucket = "";

function bucketOf(address: string): string {
  if (address !== lastAddress) {
    lastAddress = address;
    lastBucket = `a|${clientOf(address)}`;
  }
  return lastBucket;
}
