import { breakOffLater, type Reply, readReply } from "./askNode";
import { awaited } from "./awaited";
import { goAlone, land, landCall, lookAgain, nextWaitMs, slot, Turn, takeFound, takeTurn } from "./cache";
import { Depends } from "./cacheRules";
import { Call } from "./call";
import { chooseFirst } from "./choose";
import { countCredits, countHedge, countOne, countQuick } from "./counters";
import { Exchange } from "./exchange";
import { headResult } from "./heads";
import { saveForHedges, spendHedge } from "./hedging";
import { learnLatency } from "./latency";
import { freshen, roadTo } from "./methodFacts";
import { wantsCare } from "./needs";
import { charge } from "./nodeLimits";
import {
  quickBlanks,
  quickFacts,
  quickId,
  quickIdTravels,
  quickParams,
  quickValues,
  readQuickly,
  withoutBlanks,
} from "./quickRequest";
import { answerExchange } from "./respond";
import { noteShown } from "./shownHeights";
import { goodFreshForMs, noteGood, noteHit, watch } from "./state";
import type { MethodFacts, Network, Node, Road, Runtime } from "./types";

/**
 * The road of nearly every call: a single request in a usual spelling, answered well from the cache or by the first node. All that is
 * unusual goes over to `Exchange`, before or after the node was asked.
 *
 * It is written in few pieces and with the engine's native functions on purpose. Each call in flight has a JavaScript heap of its
 * own, and with dozens of them the processor's cache holds none of them whole: what this road does not touch is what makes it fast.
 * Each function, each object and each of the engine's methods that is used for the first time costs some cache lines.
 */

const answerStart = '{"jsonrpc":"2.0","id":';
const resultStart = ',"result":';
const objectEnd = "}";
/** Longer results are checked by the general road, which does not parse the longest ones. */
const longestResult = 32_768;
const graceMs = 50;
/** One call of so many adds to its node's average latency: that costs two looks into shared memory. */
const measuredShare = 1 / 8;
const { random } = Math;
const { parse } = JSON;
const dateNow = Date.now;
/** All that nginx looks for is there, so it need not look in the prototype. */
const options = { args: undefined, detached: undefined, method: "POST" as const, body: "" };

/** What the settings say: a context serves one configuration. */
let attemptTimeoutMs = 0;
let isLogged = false;
let logsParams = false;

/*
 * The call under way. A context serves one request at a time, so it is kept here rather than in a closure: each variable that a
 * closure captures costs about as much as a function call.
 */
let client: NginxHTTPRequest | undefined;
let runtime: Runtime;
let network: Network;
let road: Road;
let startedAt = 0;
let timer: ReturnType<typeof setTimeout>;
/** Until an equal call has its answer; 0 when none is awaited. */
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
  const facts = quickFacts;
  if (runtime !== itsRuntime) readSettings(itsRuntime);
  if (facts.edition !== itsNetwork.edition) freshen(facts, itsNetwork);
  if (facts.isCareful && hasToBeSentWithCare(itsNetwork)) return false;
  client = r;
  network = itsNetwork;
  startedAt = now;
  racing = undefined;
  waitMs = 0;
  if (facts.depends !== Depends.onCaller) {
    const params = quickBlanks ? withoutBlanks(quickParams) : quickParams;
    const turn = takeTurn(itsNetwork, facts, quickValues, params, attemptTimeoutMs);
    if (turn === Turn.hit) {
      answerFound(takeFound(), facts.hitCounter, facts.hitLog);
      return true;
    }
    if (turn === Turn.waits) {
      waitMs = 1;
      timer = setTimeout(lookForAnswer, waitMs);
      return true;
    }
  } else goAlone();
  send(r);
  return true;
}

function readSettings(itsRuntime: Runtime): void {
  runtime = itsRuntime;
  const { limits } = itsRuntime;
  attemptTimeoutMs = limits.attemptTimeoutMs;
  isLogged = limits.logRequests;
  logsParams = limits.logParams;
}

function hasToBeSentWithCare(itsNetwork: Network): boolean {
  return itsNetwork.rotation.length === 0 || wantsCare(quickFacts, quickValues, itsNetwork);
}

function send(r: NginxHTTPRequest): void {
  const facts = quickFacts;
  const way = facts.only ?? choose(facts);
  if (way === undefined) {
    client = undefined;
    exchangeOf(r).start();
    return;
  }
  road = way;
  const { node } = way;
  if (node.isMetered) meter(node);
  // With one node in the rotation there is nobody to ask too.
  hedgedAfterMs = facts.only === undefined && facts.mayBeHedged ? node.hedgeAfterMs : 0;
  timer =
    hedgedAfterMs === 0 ? setTimeout(settle, attemptTimeoutMs + graceMs) : setTimeout(hedge, hedgedAfterMs);
  // Without a body of its own, the subrequest goes with the client's, as it is.
  if (quickIdTravels) {
    r.subrequest(way.location, settle);
    return;
  }
  options.body = facts.bodyStart + quickParams + objectEnd;
  r.subrequest(way.location, options, settle);
}

/** One of several nodes; undefined when none may be called. */
function choose(facts: MethodFacts): Road | undefined {
  const node = chooseFirst(network, startedAt);
  if (node === undefined || node.ejectedUntil > 0) return undefined;
  return facts.roads[node.index] ?? roadTo(node, facts, network);
}

function meter(node: Node): void {
  if (node.rate !== undefined) charge(node, startedAt, 1);
  if (node.creditKey !== undefined) countCredits(node.creditKey, 1);
}

/**
 * Forgets the call under way: it was ended.
 * @returns the node that it waited for; undefined when there was none, or more than one
 */
export function forgetCall(): Node | undefined {
  const isSent = client !== undefined && waitMs === 0 && racing === undefined;
  client = undefined;
  return isSent ? road.node : undefined;
}

/** The node takes longer than usual: whichever of two answers first is believed. */
function hedge(): void {
  timer = setTimeout(settle, attemptTimeoutMs + graceMs - hedgedAfterMs);
  const r = client;
  if (r === undefined || !spendHedge(network)) return;
  const exchange = exchangeOf(r);
  if (!exchange.race(road.node)) return;
  racing = exchange;
  // Of two nodes nobody could tell which one broke the request.
  awaited.node = undefined;
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
  if (reply === undefined) {
    timer = breakOffLater(runtime.limits);
    watch(road.node, startedAt);
    takeOver(r, timedOut);
    return;
  }
  clearTimeout(timer);
  if (racing !== undefined) {
    takeOver(r, readReply(reply, 1, sentId()));
    return;
  }
  const answer = reply.responseText ?? "";
  // Nodes end their answer with `}`, some with a line feed behind it.
  let end = answer.length - 1;
  let last = answer.charCodeAt(end);
  if (last === 10) last = answer.charCodeAt(--end);
  const start = answerStart + (quickIdTravels ? quickId : "1") + resultStart;
  if (
    end < longestResult &&
    last === 125 &&
    answer.slice(0, start.length) === start &&
    reply.status === 200
  ) {
    const result = answer.slice(start.length, end);
    const facts = quickFacts;
    const now = dateNow();
    let head: string | undefined = result;
    try {
      const value: unknown = parse(result);
      if (!facts.isPlain) head = examine(facts, result, value, now);
      if (slot !== "" && head !== undefined) land(head, value);
    } catch {
      // It is garbage.
      head = undefined;
    }
    if (head !== undefined) {
      if (now - network.goodWrittenAt >= goodFreshForMs) noteGood(network, now);
      if (facts.only === undefined && random() < measuredShare) learnFrom(now - startedAt);
      countQuick(road, now - startedAt);
      if (isLogged)
        (r.variables as Written).gateway_log = logsParams ? withParams(road.logLine) : road.logLine;
      r.return(
        200,
        quickIdTravels && head === result ? answer : answerStart + quickId + resultStart + head + objectEnd,
      );
      return;
    }
  }
  takeOver(r, readReply(reply, 1, sentId()));
}

/** @returns the result as clients get it; undefined when another node has to be asked */
function examine(facts: MethodFacts, result: string, value: unknown, now: number): string | undefined {
  if (facts.isHead) return headResult(network, road.node, result, now);
  if (value === null) return undefined;
  noteShown(network, road.node, value, now);
  return result;
}

function learnFrom(milliseconds: number): void {
  learnLatency(road.node, milliseconds);
  saveForHedges(runtime, network, 1 / measuredShare);
}

/** Waits for the answer to an equal call. */
function lookForAnswer(): void {
  const turn = lookAgain(attemptTimeoutMs, dateNow() - startedAt > attemptTimeoutMs);
  if (turn === Turn.hit) {
    answerFound(takeFound(), quickFacts.joinedCounter, quickFacts.joinedLog);
  } else if (turn === Turn.handed) {
    const member = takeFound();
    if (member.startsWith('"result"'))
      answerFound(`,${member}}`, quickFacts.joinedCounter, quickFacts.joinedLog);
    else answerFailed(member);
  } else if (turn === Turn.waits) {
    waitMs = nextWaitMs(waitMs);
    timer = setTimeout(lookForAnswer, waitMs);
  } else {
    startedAt = dateNow();
    waitMs = 0;
    send(client!);
  }
}

/** @param rest of the answer behind its id */
function answerFound(rest: string, counter: string, line: string): void {
  const r = client!;
  client = undefined;
  if (startedAt - network.hitWrittenAt >= goodFreshForMs) noteHit(network, startedAt);
  countOne(counter);
  if (isLogged) (r.variables as Written).gateway_log = logsParams ? withParams(line) : line;
  r.return(200, answerStart + quickId + rest);
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

type Written = Record<string, string>;

function withParams(line: string): string {
  return `${line},"params":${JSON.stringify([quickValues])}`;
}

/** The id that the node was asked with. */
function sentId(): number {
  return quickIdTravels ? Number(quickId) : 1;
}

const timedOut: Reply = { failure: "timeout", gaveUp: true };

/** Hands what came of the first attempt over to the general road. */
function takeOver(r: NginxHTTPRequest, reply: Reply): void {
  if (racing !== undefined) {
    racing.finishRace(road.node, reply, startedAt);
    racing = undefined;
    return;
  }
  exchangeOf(r).takeOver(road.node, reply, startedAt);
}

/** The call under way for the general road. */
function callOf(): Call {
  const call = new Call(quickId, quickFacts.name, quickParams);
  if (slot !== "") call.cache = "miss";
  return call;
}

function exchangeOf(r: NginxHTTPRequest, call = callOf()): Exchange {
  const itsRuntime = runtime;
  return new Exchange(r, itsRuntime, network, [call], startedAt, (exchange) => {
    landCall(call);
    answerExchange(r, exchange, false, itsRuntime);
  });
}
