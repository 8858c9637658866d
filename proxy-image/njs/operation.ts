import { askNode } from "./askNode";
import { Call } from "./call";
import { isOnChain } from "./fixedAnswers";
import { metricsText, taskCounters } from "./metricsText";
import { duePolls } from "./polling";
import { loadRuntime } from "./runtime";
import {
  claimTrial,
  eject,
  endTrial,
  isUsable,
  lastGood,
  nodesToTry,
  noteReady,
  publishGeneration,
  recover,
  refreshAll,
} from "./state";
import type { Network, Node, Runtime } from "./types";

/** An answer younger than this says that the proxy is of use. */
const knownForMs = 1000;
/** `/ready` has to be true to within 2 s, so it can't wait longer for nodes. */
const readyLimitMs = 1000;
/** `/ready` asks so many nodes at most. */
const mostAsked = 10;

const probe = (): Call => new Call("1", "eth_chainId", "[]");

/** `GET /ready`: 200 when a node can be used. */
export function ready(r: NginxHTTPRequest): void {
  const runtime = loadRuntime(r);
  if (!refreshAll(runtime)) {
    r.internalRedirect("@newest");
    return;
  }
  const now = Date.now();
  const answer = (isReady: boolean, isLeftBehind: boolean) => {
    // What was asked and has not answered would hold the next request on this connection.
    if (isLeftBehind) r.headersOut.Connection = "close";
    r.return(isReady ? 200 : 503, `{"ready":${isReady}}`);
  };
  if (runtime.all.some((network) => now - lastGood(network) <= knownForMs)) answer(true, false);
  else askForReadiness(r, runtime, nodesWorthAsking(runtime, now), answer);
}

/** Those in the rotation first. */
function nodesWorthAsking(runtime: Runtime, now: number): Node[] {
  const all = [...runtime.nodes.values()];
  return [...all.filter((node) => isUsable(node, now)), ...all.filter((node) => !isUsable(node, now))].slice(
    0,
    mostAsked,
  );
}

function askForReadiness(
  r: NginxHTTPRequest,
  runtime: Runtime,
  nodes: Node[],
  answer: (isReady: boolean, isLeftBehind: boolean) => void,
): void {
  let left = nodes.length;
  let isAnswered = false;
  let isLeftBehind = false;
  if (left === 0) answer(false, false);
  for (const node of nodes) {
    askNode(r, node, [probe()], readyLimitMs, ({ verdicts, gaveUp }) => {
      left--;
      if (gaveUp === true) isLeftBehind = true;
      if (isAnswered) return;
      if (isOnChain(verdicts?.[0], node.chainId)) {
        noteReady(networkOf(runtime, node), Date.now());
        isAnswered = true;
        answer(true, left > 0 || isLeftBehind);
      } else if (left === 0) {
        isAnswered = true;
        answer(false, isLeftBehind);
      }
    });
  }
}

function networkOf(runtime: Runtime, node: Node): Network {
  return runtime.all.find(({ epochKey }) => epochKey === node.epochKey)!;
}

/** Runs in one worker, four times a second: makes the configuration known, has ejected nodes tried and heads polled. */
export async function tick(session: NginxPeriodicSession): Promise<void> {
  const runtime = loadRuntime(session);
  publishGeneration(runtime.generation);
  if (!refreshAll(runtime)) return;
  const { gateway_front: front } = session.variables;
  const now = Date.now();
  const due = [...nodesToTry(runtime, now).map(({ id }) => `/~trial/${id}`), ...duePolls(runtime, now)];
  await Promise.all(
    due.map(async (address) => {
      try {
        await ngx.fetch(`http://unix:${front}:${address}`, { headers: { Host: "gateway" } });
      } catch (error) {
        ngx.log(ngx.WARN, `asking for ${address}: ${String(error)}`);
      }
    }),
  );
}

/** Tries an ejected node once: a good answer brings it back, anything else doubles its wait. */
export function trial(r: NginxHTTPRequest): void {
  const runtime = loadRuntime(r);
  const node = runtime.nodes.get(r.uri.slice("/~trial/".length));
  // The address the connection came in at, which no header changes.
  if (node === undefined || r.variables.server_addr?.startsWith("unix:") !== true) {
    r.return(404, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"There is nothing here."}}`);
    return;
  }
  refreshAll(runtime);
  // At once: nginx kills a periodic handler that is still waiting when its next turn comes.
  r.headersOut.Connection = "close";
  r.return(200, "{}");
  if (!claimTrial(node, Date.now())) return;
  askNode(r, node, [probe()], runtime.limits.attemptTimeoutMs, ({ verdicts, restMs }) => {
    const now = Date.now();
    if (isOnChain(verdicts?.[0], node.chainId)) recover(node, now);
    else eject(node, now, runtime, restMs);
    endTrial(node);
  });
}

export function metrics(r: NginxHTTPRequest): void {
  r.headersOut["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8";
  const runtime = loadRuntime(r);
  refreshAll(runtime);
  // The socket gateway counts for itself; without it the proxy's own numbers are all there are.
  r.subrequest("/~sockets", (sockets) => {
    const more = sockets.status === 200 ? (sockets.responseText ?? "") : "";
    r.return(200, metricsText(runtime, Date.now()) + more);
  });
}

export function stats(r: NginxHTTPRequest): void {
  r.return(200, JSON.stringify(taskCounters()));
}
