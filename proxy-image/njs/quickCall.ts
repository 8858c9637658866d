import { breakOffLater, type Reply, readReply } from "./askNode";
import { Call } from "./call";
import { chooseFirst } from "./choose";
import { countQuick } from "./counters";
import { Exchange } from "./exchange";
import { awaited } from "./guard";
import { headResult } from "./heads";
import { answerExchange } from "./respond";
import { learnLatency, noteGood, watch } from "./state";
import type { MethodFacts, Network, Node, Runtime } from "./types";

/**
 * The road of nearly every call: a single request in a usual spelling, answered well by the first node. All that is unusual goes
 * over to `Exchange`, before or after the node was asked.
 *
 * It is written in one piece and with the engine's native functions on purpose. Each call in flight has a JavaScript heap of its
 * own, and with dozens of them the processor's cache holds none: what this road does not touch is what makes it fast. Measured
 * with 32 connections, the general road took four times the CPU.
 */

/** Stands for the params when the rest of a request is parsed. Nobody can guess it, so nobody can fake where they are. */
const mark = `~${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
const quotedMark = `"${mark}"`;
const usualStart = '{"jsonrpc":"2.0","id":1,"result":';
/** Longer results are checked by the general road, which does not parse the longest ones. */
const longestResult = 32_768;
const graceMs = 50;
const options = { method: "POST" as const, body: "" };

/** @returns false when this is a case for the general road; nothing has happened then */
export function quickCall(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network,
  text: string,
  now: number,
): boolean {
  const open = text.indexOf("[");
  const close = text.lastIndexOf("]") + 1;
  if (open <= 0 || close === 0) return false;
  const params = text.slice(open, close);
  const envelope = text.slice(0, open) + quotedMark + text.slice(close);
  // A nested object could have an id of its own.
  if (envelope.indexOf("{", 1) !== -1) return false;
  let request: { jsonrpc?: unknown; id?: unknown; method: string; params?: unknown };
  try {
    request = JSON.parse(envelope);
    JSON.parse(params);
  } catch {
    return false;
  }
  const facts = network.methods.get(request.method);
  const { id } = request;
  if (facts === undefined || request.jsonrpc !== "2.0" || request.params !== mark) return false;
  // The id has to stand there exactly as it will be sent back.
  let idText: string;
  if (typeof id === "number") idText = `${id}`;
  else if (typeof id === "string") idText = `"${id}"`;
  else return false;
  const key = envelope.lastIndexOf('"id":');
  if (key === -1) return false;
  let at = key + 5;
  if (envelope.charCodeAt(at) === 32) at++;
  const after = envelope.charCodeAt(at + idText.length);
  if (!envelope.startsWith(idText, at) || (after !== 44 && after !== 125)) return false;

  const node = chooseFirst(network, now);
  if (node === undefined || node.ejectedUntil > 0) return false;
  options.body = `${facts.bodyStart}${params}}`;

  // One function for both ends of the attempt: without a reply, the time is over.
  let isOver = false;
  const settle = (reply?: NginxHTTPRequest): void => {
    if (isOver) {
      clearTimeout(timer);
      return;
    }
    isOver = true;
    awaited.node = undefined;
    if (reply === undefined) {
      timer = breakOffLater(runtime.limits);
      watch(node, now);
      takeOver(r, runtime, network, new Call(idText, facts.name, params), node, timedOut, now);
      return;
    }
    clearTimeout(timer);
    const answer = reply.responseText ?? "";
    // Nodes end their answer with `}`, some with a line feed behind it.
    const end = answer.charCodeAt(answer.length - 1) === 10 ? answer.length - 2 : answer.length - 1;
    if (
      reply.status === 200 &&
      end < longestResult &&
      answer.startsWith(usualStart) &&
      answer.charCodeAt(end) === 125
    ) {
      const said = answer.slice(usualStart.length, end);
      const answeredAt = Date.now();
      const result = facts.isHead ? headResult(network, node, said, answeredAt) : said;
      if (result !== undefined && isGoodResult(result, facts)) {
        noteGood(answeredAt);
        if (network.nodes.length > 1) learnLatency(node, answeredAt - now, answeredAt);
        countQuick(facts.counter, network, node, answeredAt - now);
        if (runtime.limits.logRequests) logQuick(r, runtime, facts, node, params);
        r.return(200, `{"jsonrpc":"2.0","id":${idText},"result":${result}}`);
        return;
      }
    }
    takeOver(r, runtime, network, new Call(idText, facts.name, params), node, readReply(reply, 1), now);
  };
  let timer = setTimeout(settle, runtime.limits.attemptTimeoutMs + graceMs);
  awaited.node = node;
  r.subrequest(
    facts.isSmall && node.watchedUntil === 0 ? node.location : node.heavyLocation,
    options,
    settle,
  );
  return true;
}

const timedOut: Reply = { failure: "timeout", gaveUp: true };

function isGoodResult(result: string, facts: MethodFacts): boolean {
  try {
    return JSON.parse(result) !== null || !facts.nullMayBeMissing;
  } catch {
    return false;
  }
}

function logQuick(
  r: NginxHTTPRequest,
  runtime: Runtime,
  facts: MethodFacts,
  node: Node,
  params: string,
): void {
  const variables = r.variables as Record<string, string>;
  variables.gateway_log = runtime.limits.logParams
    ? `${facts.log}${node.id}","params":${JSON.stringify([JSON.parse(params)])}`
    : `${facts.log}${node.id}"`;
}

/** Hands what came of the first attempt over to the general road. */
function takeOver(
  r: NginxHTTPRequest,
  runtime: Runtime,
  network: Network,
  call: Call,
  node: Node,
  reply: Reply,
  startedAt: number,
): void {
  const done = (exchange: Exchange) => answerExchange(r, exchange, false, runtime);
  new Exchange(r, runtime, network, [call], startedAt, done).takeOver(node, reply, startedAt);
}
