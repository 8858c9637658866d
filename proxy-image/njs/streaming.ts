import { classifyStatus } from "../../functions/domain/providerErrors";
import { restOf, transportFailure } from "./askNode";
import { failNode } from "./blame";
import { Call } from "./call";
import { countCredits } from "./counters";
import { Exchange } from "./exchange";
import { isHeavy } from "./heavyMethods";
import { rawMembers } from "./jsonText";
import { nextNode } from "./nextNode";
import { answerExchange } from "./respond";
import { loadRuntime } from "./runtime";
import { refreshState } from "./state";
import type { Failure, Network, Node, Runtime } from "./types";

/**
 * Calls of heavy methods are streamed: nginx passes the node's answer on as it comes. The request goes from one node's location to the
 * next by `error_page`, with what has to be remembered in variables, because a script's own state does not outlive a redirect.
 *
 * nginx limits the time between two reads and between two writes. A limit on the whole would need a timer beside the answer: filters may
 * start none, a handler that has one pending is not left before it is over, and a filter that looks at the clock with each piece would
 * copy all of them.
 */
export interface Stream {
  network: string;
  method: string;
  startedAt: number;
  /** Those asked, in this order; the last one is being asked. */
  tried: string[];
  failures: Failure[];
}

/** nginx allows ten redirects of a request. The last one is for what comes when no node streams. */
const mostStreams = 9;

/** Ids that every node gives back as they are. Nodes have been seen to change fractions, large numbers and escapes. */
const plainId = /^(?:"[\w .:+/=@-]{0,200}"|0|-?[1-9]\d{0,14})$/;

/** @returns false when this call is not to be streamed */
export function streamCall(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network,
  call: Call,
  now: number,
): boolean {
  const { idText, method, member } = call;
  if (member !== undefined || !isHeavy(method) || idText === undefined || !plainId.test(idText)) return false;
  const node = nextNode({ runtime, network, deadline: now + runtime.limits.heavyTimeoutMs }, call, now);
  // All have as many calls as they may get, say.
  if (node === undefined) return false;
  if (node.creditKey !== undefined) countCredits(node.creditKey, 1);
  const stream = { network: network.name, method, startedAt: now, tried: [node.id], failures: [] };
  const variables = r.variables as Record<string, string>;
  // Made anew: a node might read another method out of what the client wrote.
  variables.gateway_body = call.requestText(idText);
  keep(r, stream);
  r.internalRedirect(`/~stream/${node.id}`);
  return true;
}

/** What is known of this request; undefined for one that came here by itself. */
export function streamOf(r: NginxHTTPRequest): Stream | undefined {
  const { gateway_stream: text } = r.variables;
  return text === undefined || text === "" ? undefined : (JSON.parse(text) as Stream);
}

function keep(r: NginxHTTPRequest, stream: Stream): void {
  (r.variables as Record<string, string>).gateway_stream = JSON.stringify(stream);
}

/** The node that is being asked, or was asked last. */
export function streamingNode(runtime: Runtime, { tried }: Stream): Node {
  return runtime.nodes.get(tried[tried.length - 1]!)!;
}

/** Variable: where the request goes on when a node has failed it. */
export function nextStream(r: NginxHTTPRequest): string {
  const stream = streamOf(r);
  if (stream === undefined) return "@not_found";
  const runtime = loadRuntime(r);
  const network = runtime.networks.get(stream.network)!;
  refreshState(runtime, network);
  const now = Date.now();
  const failure = failureOf(r);
  stream.failures.push(failure);
  const call = new Call(undefined, stream.method, bodyOf(r.variables.gateway_body!).params);
  const restMs = restOf(r.variables.upstream_http_retry_after);
  failNode(runtime, network, call, streamingNode(runtime, stream), failure, now, restMs);
  call.tried = stream.tried.map((id) => runtime.nodes.get(id)!);
  const deadline = stream.startedAt + runtime.limits.heavyTimeoutMs;
  const next =
    stream.tried.length < mostStreams ? nextNode({ runtime, network, deadline }, call, now) : undefined;
  // A second try at a node is not for here.
  const isNew = next !== undefined && !stream.tried.includes(next.id);
  if (isNew) {
    stream.tried.push(next.id);
    if (next.creditKey !== undefined) countCredits(next.creditKey, 1);
  }
  keep(r, stream);
  return isNew ? `/~stream/${next.id}` : "@unstreamed";
}

/** The call as it was sent, taken apart. */
export function bodyOf(text: string): { id: string; params: string | undefined } {
  const members = rawMembers(text);
  return { id: members.get("id")!, params: members.get("params") };
}

/** Why the node that was asked last has failed. */
function failureOf(r: NginxHTTPRequest): Failure {
  const last = (name: string) => (r.variables[name] ?? "").split(" : ").pop()!.split(", ").pop()!;
  const status = Number(last("upstream_status")) || 502;
  const [header, connect] = [last("upstream_header_time"), last("upstream_connect_time")];
  const failed = transportFailure(status, header, connect, last("upstream_addr"));
  return failed ?? ((classifyStatus(status) ?? "http") as Failure);
}

/**
 * `js_content` for a call that no node has streamed. Nodes that answered with an error's status are asked again, for what they say;
 * others that are left too. Without any, the client hears what happened.
 */
export function unstreamed(r: NginxHTTPRequest): void {
  const runtime = loadRuntime(r);
  const { network: name, method, startedAt, tried, failures } = streamOf(r)!;
  const network = runtime.networks.get(name)!;
  refreshState(runtime, network);
  const { id, params } = bodyOf(r.variables.gateway_body!);
  const call = new Call(id, method, params);
  call.tried = [];
  tried.forEach((nodeId, index) => {
    const failure = failures[index]!;
    const node = runtime.nodes.get(nodeId)!;
    if (failure === "http") return;
    call.tried!.push(node);
    call.fail(node, failure);
  });
  if (call.tried.length === 0) call.tried = undefined;
  const exchange = new Exchange(r, runtime, network, [call], startedAt, () => {
    answerExchange(r, exchange, false, runtime);
  });
  exchange.attempts = tried.length;
  exchange.start();
}
