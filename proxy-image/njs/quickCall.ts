import { breakOffLater, type Reply, readReply } from "./askNode";
import { Call } from "./call";
import { chooseFirst } from "./choose";
import { countPrompt, countQuick } from "./counters";
import { Exchange } from "./exchange";
import { awaited } from "./guard";
import { headResult } from "./heads";
import { quickFacts, quickId, quickParams, readQuickly } from "./quickRequest";
import { requestId } from "./requestId";
import { answerExchange } from "./respond";
import { goodFreshForMs, learnLatency, noteGood, watch } from "./state";
import type { Network, Node, Runtime } from "./types";

/**
 * The road of nearly every call: a single request in a usual spelling, answered well by the first node. All that is unusual goes
 * over to `Exchange`, before or after the node was asked.
 *
 * It is written in one piece and with the engine's native functions on purpose. Each call in flight has a JavaScript heap of its
 * own, and with dozens of them the processor's cache holds none of them whole: what this road does not touch is what makes it fast.
 * Each function, each object and each of the engine's methods that is used for the first time costs some cache lines.
 */

const usualStart = '{"jsonrpc":"2.0","id":1,"result":';
/** Longer results are checked by the general road, which does not parse the longest ones. */
const longestResult = 32_768;
const graceMs = 50;
const usualStartLength = usualStart.length;
const idEnd = usualStart.indexOf(',"result"');
/** One call of so many adds to its node's average latency: that costs two looks into shared memory. */
const measuredShare = 1 / 8;
const { random } = Math;
const { parse } = JSON;
const dateNow = Date.now;
/** All that nginx looks for is there, so it need not look in the prototype. */
const options = { args: undefined, detached: undefined, method: "POST" as const, body: "" };

/*
 * The call under way. A context serves one request at a time, so it is kept here rather than in a closure: each variable that a
 * closure captures costs about as much as a function call.
 */
let client: NginxHTTPRequest | undefined;
let runtime: Runtime;
let network: Network;
let node: Node;
let startedAt = 0;
let timer: ReturnType<typeof setTimeout>;

/** @returns false when this is a case for the general road; nothing has happened then */
export function quickCall(
  r: NginxHTTPRequest,
  itsRuntime: Runtime,
  itsNetwork: Network,
  text: string,
  now: number,
): boolean {
  if (!readQuickly(text, itsNetwork)) return false;
  const chosen = chooseFirst(itsNetwork, now);
  if (chosen === undefined || chosen.ejectedUntil > 0) return false;
  client = r;
  runtime = itsRuntime;
  network = itsNetwork;
  node = chosen;
  startedAt = now;
  options.body = quickFacts.bodyStart + quickParams + "}";
  timer = setTimeout(settle, runtime.limits.attemptTimeoutMs + graceMs);
  awaited.node = chosen;
  r.subrequest(
    quickFacts.isSmall && chosen.watchedUntil === 0 ? chosen.location : chosen.heavyLocation,
    options,
    settle,
  );
  return true;
}

/** Either end of the attempt: without a reply, the time is over. */
function settle(reply?: NginxHTTPRequest): void {
  const r = client;
  if (r === undefined) {
    clearTimeout(timer);
    return;
  }
  // A context in reserve keeps nothing of its last request alive.
  client = undefined;
  awaited.node = undefined;
  if (reply === undefined) {
    timer = breakOffLater(runtime.limits);
    watch(node, startedAt);
    takeOver(r, timedOut);
    return;
  }
  clearTimeout(timer);
  const answer = reply.responseText ?? "";
  // Nodes end their answer with `}`, some with a line feed behind it.
  let end = answer.length - 1;
  if (answer.charCodeAt(end) === 10) end--;
  if (
    end < longestResult &&
    answer.charCodeAt(end) === 125 &&
    answer.startsWith(usualStart) &&
    reply.status === 200
  ) {
    const result = answer.slice(usualStartLength, end);
    const facts = quickFacts;
    const now = dateNow();
    const head = facts.isHead ? headResult(network, node, result, now) : result;
    let isGood = false;
    try {
      isGood = parse(result) !== null || !facts.nullMayBeMissing;
    } catch {
      // It is garbage.
    }
    if (isGood && head !== undefined) {
      if (now - network.goodWrittenAt >= goodFreshForMs) noteGood(network, now);
      if (network.rotation.length > 1 && random() < measuredShare) learnLatency(node, now - startedAt);
      const { limits } = runtime;
      if (now === startedAt) countPrompt(facts.counter + node.promptEnd);
      else countQuick(facts.counter, network, node, now - startedAt);
      if (limits.logRequests) {
        let line = requestId(r) + facts.log + node.logEnd;
        if (limits.logParams) line += `,"params":${JSON.stringify([JSON.parse(quickParams)])}`;
        (r.variables as Record<string, string>).gateway_log = line;
      }
      r.return(
        200,
        '{"jsonrpc":"2.0","id":' +
          quickId +
          (head === result ? answer.slice(idEnd, end + 1) : `,"result":${head}}`),
      );
      return;
    }
  }
  takeOver(r, readReply(reply, 1));
}

const timedOut: Reply = { failure: "timeout", gaveUp: true };

/** Hands what came of the first attempt over to the general road. */
function takeOver(r: NginxHTTPRequest, reply: Reply): void {
  const itsRuntime = runtime;
  const done = (exchange: Exchange) => answerExchange(r, exchange, false, itsRuntime);
  const call = new Call(quickId, quickFacts.name, quickParams);
  new Exchange(r, itsRuntime, network, [call], startedAt, done).takeOver(node, reply, startedAt);
}
