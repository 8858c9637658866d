import { breakOffLater, type Reply, readReply } from "./askNode";
import { land, landCall, lookAgain, nextWaitMs, slot, Turn, takeFound, takeTurn } from "./cache";
import { Call } from "./call";
import { chooseFirst } from "./choose";
import { countCredits, countHedge, countPrompt, countQuick } from "./counters";
import { Exchange } from "./exchange";
import { awaited } from "./guard";
import { headResult } from "./heads";
import { hedgeAfterMs, saveForHedges, spendHedge } from "./hedging";
import { wantsCare } from "./needs";
import { charge } from "./nodeLimits";
import { quickBlanks, quickFacts, quickId, quickParams, quickValues, readQuickly } from "./quickRequest";
import { answerExchange } from "./respond";
import { noteShown } from "./shownHeights";
import { goodFreshForMs, learnLatency, noteGood, noteHit, watch } from "./state";
import type { MethodFacts, Network, Node, Runtime } from "./types";

/**
 * The road of nearly every call: a single request in a usual spelling, answered well from the cache or by the first node. All that is
 * unusual goes over to `Exchange`, before or after the node was asked.
 *
 * It is written in few pieces and with the engine's native functions on purpose. Each call in flight has a JavaScript heap of its
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
let waitMs = 0;
let hedgedAfterMs = 0;
/** The second node was asked. */
let racing: Exchange | undefined;

/** @returns false when this is a case for the general road; nothing has happened then */
export function quickCall(
  r: NginxHTTPRequest,
  itsRuntime: Runtime,
  itsNetwork: Network,
  text: string,
  now: number,
): boolean {
  if (!readQuickly(text, itsNetwork)) return false;
  if ((quickFacts.needsCare || itsNetwork.hasGaps) && wantsCare(quickFacts, quickValues, itsNetwork))
    return false;
  const chosen = chooseFirst(itsNetwork, now);
  if (chosen === undefined || chosen.ejectedUntil > 0) return false;
  client = r;
  runtime = itsRuntime;
  network = itsNetwork;
  node = chosen;
  startedAt = now;
  racing = undefined;
  const facts = quickFacts;
  if (facts.depends !== 0) {
    const turn = takeTurn(
      itsNetwork,
      facts,
      quickValues,
      quickParams,
      quickBlanks,
      itsRuntime.limits.attemptTimeoutMs,
    );
    if (turn === Turn.hit) {
      answerFound(`"result":${takeFound()}`, facts.hitCounter, facts.hitLog);
      return true;
    }
    if (turn === Turn.waits) {
      waitMs = 1;
      timer = setTimeout(lookForAnswer, waitMs);
      return true;
    }
  }
  send();
  return true;
}

function send(): void {
  if (node.rate !== undefined) charge(node, startedAt, 1);
  if (node.creditKey !== undefined) countCredits(node.creditKey, 1);
  options.body = quickFacts.bodyStart + quickParams + "}";
  const { attemptTimeoutMs } = runtime.limits;
  hedgedAfterMs = quickFacts.mayBeHedged ? hedgeAfterMs(runtime, network, node.usualMs) : 0;
  timer =
    hedgedAfterMs === 0
      ? setTimeout(settle, attemptTimeoutMs + graceMs)
      : setTimeout(hedge, Math.ceil(hedgedAfterMs));
  awaited.node = node;
  client!.subrequest(
    quickFacts.isSmall && node.watchedUntil === 0 ? node.location : node.heavyLocation,
    options,
    settle,
  );
}

/** The node takes longer than usual: whichever of two answers first is believed. */
function hedge(): void {
  timer = setTimeout(settle, runtime.limits.attemptTimeoutMs + graceMs - hedgedAfterMs);
  const r = client;
  if (r === undefined || !spendHedge(network)) return;
  const call = new Call(quickId, quickFacts.name, quickParams);
  if (slot !== "") call.cache = "miss";
  const exchange = exchangeOf(r, call);
  if (!exchange.race(node)) return;
  racing = exchange;
  countHedge(network);
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
  if (racing !== undefined) {
    takeOver(r, readReply(reply, 1));
    return;
  }
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
    let value: unknown = null;
    let isGood = false;
    try {
      value = parse(result);
      isGood = value !== null || !facts.nullMayBeMissing;
    } catch {
      // It is garbage.
    }
    if (isGood && head !== undefined) {
      if (now - network.goodWrittenAt >= goodFreshForMs) noteGood(network, now);
      if (network.rotation.length > 1 && random() < measuredShare) {
        learnLatency(node, now - startedAt);
        saveForHedges(runtime, network, 1 / measuredShare);
      }
      if (facts.nullMayBeMissing) noteShown(network, node, value, now);
      if (slot !== "") land(head, value, `"result":${head}`);
      if (facts.logLines[node.index] === undefined) nameByNode(facts, node);
      if (now === startedAt) countPrompt(facts.promptCounters[node.index]!);
      else countQuick(facts.counter, network, node, now - startedAt);
      if (runtime.limits.logRequests) log(r, facts.logLines[node.index]!);
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

/** Waits for the answer to an equal call. */
function lookForAnswer(): void {
  const { attemptTimeoutMs } = runtime.limits;
  const turn = lookAgain(attemptTimeoutMs, dateNow() - startedAt > attemptTimeoutMs);
  if (turn === Turn.hit) {
    answerFound(`"result":${takeFound()}`, quickFacts.joinedCounter, quickFacts.joinedLog);
  } else if (turn === Turn.handed) {
    const member = takeFound();
    if (member.startsWith('"result"')) answerFound(member, quickFacts.joinedCounter, quickFacts.joinedLog);
    else answerFailed(member);
  } else if (turn === Turn.waits) {
    waitMs = nextWaitMs(waitMs);
    timer = setTimeout(lookForAnswer, waitMs);
  } else {
    startedAt = dateNow();
    send();
  }
}

function answerFound(member: string, counter: string, line: string): void {
  const r = client!;
  client = undefined;
  if (startedAt - network.hitWrittenAt >= goodFreshForMs) noteHit(network, startedAt);
  countPrompt(counter);
  if (runtime.limits.logRequests) log(r, line);
  r.return(200, `{"jsonrpc":"2.0","id":${quickId},${member}}`);
}

/** An equal call has got an error that is the call's own. */
function answerFailed(member: string): void {
  const r = client!;
  client = undefined;
  const call = new Call(quickId, quickFacts.name, quickParams);
  call.finish(member, "error");
  call.cache = "joined";
  exchangeOf(r, call).start();
}

function nameByNode(facts: MethodFacts, { id, index }: Node): void {
  facts.promptCounters[index] = `${facts.counter}${id}|0`;
  facts.logLines[index] = `${facts.log}${id}"`;
}

function log(r: NginxHTTPRequest, facts: string): void {
  let line = facts;
  if (runtime.limits.logParams) line += `,"params":${JSON.stringify([quickValues])}`;
  (r.variables as Record<string, string>).gateway_log = line;
}

const timedOut: Reply = { failure: "timeout", gaveUp: true };

/** Hands what came of the first attempt over to the general road. */
function takeOver(r: NginxHTTPRequest, reply: Reply): void {
  if (racing !== undefined) {
    racing.finishRace(node, reply, startedAt);
    racing = undefined;
    return;
  }
  const call = new Call(quickId, quickFacts.name, quickParams);
  if (slot !== "") call.cache = "miss";
  exchangeOf(r, call).takeOver(node, reply, startedAt);
}

function exchangeOf(r: NginxHTTPRequest, call: Call): Exchange {
  const itsRuntime = runtime;
  return new Exchange(r, itsRuntime, network, [call], startedAt, (exchange) => {
    landCall(call);
    answerExchange(r, exchange, false, itsRuntime);
  });
}
