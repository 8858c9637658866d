// biome-ignore-all lint/suspicious/noVar: the engine reads variables of blocks slower, to see whether they were set
// biome-ignore-all lint/correctness/noInnerDeclarations: the same
import { breakOffLater, type Reply, readReply } from "./askNode";
import { awaited } from "./awaited";
import {
  adopt,
  flights,
  goAlone,
  awaited as heldForOthers,
  inSmallLetters,
  join,
  Kept,
  keptShare,
  land,
  landCall,
  landOfHead,
  lookAgain,
  nextWaitMs,
  Turn,
  takeFound,
  takeTurn,
  zone,
} from "./cache";
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
import { factsIdFirst, idFirst, readQuickly, Sizes } from "./quickRequest";
import { answerExchange } from "./respond";
import { noteShown } from "./shownHeights";
import { goodFreshForMs, noteGood, noteHit, watch } from "./state";
import type { MethodFacts, Network, Node, Road, Runtime } from "./types";

/**
 * The road of nearly every call: a single request in a usual spelling, answered well from the cache or by the first node. All that is
 * unusual goes over to `Exchange`, before or after the node was asked.
 *
 * It is written in two large pieces, before a node is asked and after, and with the engine's native functions on purpose. Each call
 * in flight has a JavaScript heap of its own, and with dozens of them the processor's cache holds none of them whole: what this road
 * does not touch is what makes it fast. Each function, each variable of a module, each object and each of the engine's methods that is
 * used for the first time costs some cache lines.
 */

const resultStart = ',"result":';
const objectEnd = "}";
const { random } = Math;
const { parse } = JSON;
const { parseInt: integerOf } = Number;
const dateNow = Date.now;
/** All that nginx looks for is there, so it need not look in the prototype. */
const options = { args: undefined, detached: undefined, method: "POST" as const, body: "" };

// biome-ignore lint/suspicious/noConstEnum: the bundle holds the numbers themselves
const enum Limits {
  /** Longer results are checked by the general road, which does not parse the longest ones. */
  longestResult = 32_768,
  graceMs = 50,
  /** See `holdNodes`: a few calls of a context at full load, and no longer than one to a node far away. */
  heldForMs = 10,
  /** One call of so many adds to its node's average latency: that costs two looks into shared memory. */
  measuredOneOf = 8,
}

// biome-ignore lint/suspicious/noConstEnum: the bundle holds the numbers themselves
const enum Phase {
  asked = 0,
  /** A second node was asked. */
  racing = 1,
  /** An equal call is under way. */
  waiting = 2,
}

let holdsNodes = false;

/**
 * This context is one of many that calls take turns in: it sends those of a method to the node it has drawn last, for a moment. Each draws
 * for itself, so the shares of nodes stay, and what a call touches of its node is in the processor's caches more often.
 */
export function holdNodes(): void {
  holdsNodes = true;
}

/** What the settings say: a context serves one configuration. */
let attemptTimeoutMs = 0;
let isLogged = false;
let logsParams = false;

/*
 * The call under way. A context serves one request at a time, so it is kept here rather than in a closure: each variable that a
 * closure captures costs about as much as a function call.
 */
let client: NginxHTTPRequest | undefined;
let phase = Phase.asked;
let runtime: Runtime;
let network: Network;
let itsFacts: MethodFacts;
let road: Road;
let clientId = "";
/** What the node was asked with. */
let sentId = "";
let startedAt = 0;
let timer: ReturnType<typeof setTimeout>;
/** What equal calls wait for: empty when nothing, `inSlot` when the cache has noted it. */
let flight = "";
const inSlot = "slot";
let waitMs = 0;
let racing: Exchange | undefined;

/** @returns false when this is a case for the general road; nothing has happened then */
export function quickCall(
  r: NginxHTTPRequest,
  itsRuntime: Runtime,
  itsNetwork: Network,
  text: string,
  now: number,
): boolean {
  if (text.length > Sizes.longestText) return false;
  if (runtime !== itsRuntime) readSettings(itsRuntime);
  var facts: MethodFacts | undefined = itsNetwork.idFirstMethods[0];
  try {
    var number = integerOf(text.slice(Sizes.idStart, Sizes.idStart + Sizes.longestId), 10);
    var id = String(number);
    var at = Sizes.idStart + id.length;
    if (
      facts === undefined ||
      text.slice(0, at + facts.idFirstKey.length) !== idFirst + id + facts.idFirstKey
    )
      facts = text.slice(0, at) === idFirst + id ? factsIdFirst(text, at, itsNetwork) : undefined;
    if (facts !== undefined && text.charCodeAt(text.length - 1) === 125) {
      var paramsText = text.slice(at + facts.idFirstKey.length - 1, -1);
      var params = parse(paramsText) as unknown[];
      if (number >= 0 && number < Sizes.leastUnsafe) sentId = id;
      else {
        // `NaN` is no JSON, though it is what reading it as a number gives.
        if (Number.isNaN(number)) return false;
        sentId = "1";
      }
    } else {
      var read = readQuickly(text, itsNetwork);
      if (read === undefined) return false;
      ({ facts, id, paramsText, params } = read);
      var compactParams: string | undefined = read.compactParams;
      sentId = read.idTravels ? id : "1";
    }
  } catch {
    return false;
  }
  if (facts.edition !== itsNetwork.edition) freshen(facts, itsNetwork);
  if (facts.isCareful && (itsNetwork.rotation.length === 0 || wantsCare(facts, params, itsNetwork)))
    return false;
  client = r;
  network = itsNetwork;
  itsFacts = facts;
  clientId = id;
  startedAt = now;
  phase = Phase.asked;
  flight = "";
  if (facts.depends !== Depends.onCaller) {
    // Nearly all that is asked is asked of the newest block.
    if (
      (facts.blockParam >= 0 ? params[facts.blockParam] === "latest" : facts.livesWithHead) &&
      typeof params[0] !== "object"
    ) {
      var key = facts.headPrefix + inSmallLetters(compactParams ?? paramsText);
      try {
        var entry = zone!.get(key);
        if (entry === undefined) {
          if (flights.add(key, "", attemptTimeoutMs)) flight = key;
          else {
            join(key);
            phase = Phase.waiting;
          }
        }
      } catch {
        // It goes alone.
      }
      if (phase === Phase.waiting) {
        wait();
        return true;
      }
      if (entry !== undefined && entry.charCodeAt(0) === Kept.comma) {
        answerFound(entry, facts.hitCounter, facts.hitLog);
        return true;
      }
    } else if (!takeItsTurn(params, compactParams ?? paramsText)) return true;
  }
  var way = facts.only ?? (now < facts.heldUntil ? facts.held : choose(facts));
  if (way === undefined) {
    client = undefined;
    exchangeOf(r).start();
    return true;
  }
  road = way;
  if (way.isMetered) meter(way.node);
  // With one node in the rotation there is nobody to ask too.
  timer =
    facts.only === undefined && facts.mayBeHedged && way.node.hedgeAfterMs > 0
      ? setTimeout(hedge, way.node.hedgeAfterMs)
      : setTimeout(settle, attemptTimeoutMs + Limits.graceMs);
  // Without a body of its own, the subrequest goes with the client's, as it is.
  if (sentId === id) {
    r.subrequest(way.location, settle);
    return true;
  }
  options.body = facts.bodyStart + paramsText + objectEnd;
  r.subrequest(way.location, options, settle);
  return true;
}

function readSettings(itsRuntime: Runtime): void {
  runtime = itsRuntime;
  const { limits } = itsRuntime;
  attemptTimeoutMs = limits.attemptTimeoutMs;
  isLogged = limits.logRequests;
  logsParams = limits.logParams;
}

/** A call whose answer is looked for in another way. @returns whether it has to be sent */
function takeItsTurn(params: unknown[], paramsText: string): boolean {
  const turn = takeTurn(network, itsFacts, params, paramsText, attemptTimeoutMs);
  if (turn === Turn.hit) answerFound(takeFound(), itsFacts.hitCounter, itsFacts.hitLog);
  else if (turn === Turn.waits) wait();
  else {
    if (turn === Turn.leads) flight = inSlot;
    return true;
  }
  return false;
}

/** One of several nodes; undefined when none may be called. */
function choose(facts: MethodFacts): Road | undefined {
  const node = chooseFirst(network, startedAt);
  if (node === undefined || node.ejectedUntil > 0) return undefined;
  const way = facts.roads[node.index] ?? roadTo(node, facts, network);
  if (holdsNodes && !network.hasRates) {
    facts.held = way;
    facts.heldUntil = startedAt + Limits.heldForMs;
  }
  return way;
}

function meter(node: Node): void {
  if (node.rate !== undefined) charge(node, startedAt, 1);
  if (node.creditKey !== undefined) countCredits(node.creditKey, 1);
}

/**
 * Forgets the call under way: it was ended. Who waits for its answer has to ask for itself.
 * @returns the node that it waited for; undefined when there was none, or more than one
 */
export function forgetCall(): Node | undefined {
  if (client !== undefined && flight !== "" && flight !== inSlot) adopt(network, itsFacts, flight);
  land(undefined, null);
  const isSent = client !== undefined && phase === Phase.asked;
  client = undefined;
  return isSent ? road.node : undefined;
}

/** The node takes longer than usual: whichever of two answers first is believed. */
function hedge(): void {
  timer = setTimeout(settle, attemptTimeoutMs + Limits.graceMs - road.node.hedgeAfterMs);
  const r = client;
  if (r === undefined || !spendHedge(network)) return;
  const exchange = exchangeOf(r);
  if (!exchange.race(road.node)) return;
  racing = exchange;
  phase = Phase.racing;
  // Of two nodes nobody could tell which one broke the request.
  awaited.node = undefined;
  countHedge(network);
}

/** Either end of the attempt: without a reply, the time is over. */
function settle(reply?: NginxHTTPRequest): void {
  var r = client;
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
  var answer = reply.responseText ?? "";
  // Nodes end their answer with `}`, some with a line feed behind it.
  var end = answer.length - 1;
  var last = answer.charCodeAt(end);
  if (last === 10) last = answer.charCodeAt(--end);
  var start = idFirst + sentId + resultStart;
  if (
    last === 125 &&
    end < Limits.longestResult &&
    phase === Phase.asked &&
    answer.slice(0, start.length) === start &&
    reply.status === 200
  ) {
    var result = answer.slice(start.length, end);
    var facts = itsFacts;
    var now = dateNow();
    var head: string | undefined = result;
    try {
      var value: unknown = parse(result);
      if (!facts.isPlain) head = examine(facts, result, value, now);
    } catch {
      // It is garbage.
      head = undefined;
    }
    if (head !== undefined) {
      if (flight === inSlot) land(head, value);
      else if (flight !== "") {
        try {
          var isAwaited = flights.pop(flight) === heldForOthers;
          if (isAwaited || (facts.headMs > 0 && random() < keptShare))
            landOfHead(network, facts, flight, isAwaited, head, value);
        } catch {
          // The next one asks again.
        }
      }
      if (now - network.goodWrittenAt >= goodFreshForMs) noteGood(network, now);
      if (facts.only === undefined && random() < 1 / Limits.measuredOneOf) learnFrom(now - startedAt);

      countQuick(road, now - startedAt);
      if (isLogged)
        (r.variables as Written).gateway_log = logsParams ? withParams(road.logLine, r) : road.logLine;
      r.return(
        200,
        sentId === clientId && head === result ? answer : idFirst + clientId + resultStart + head + objectEnd,
      );
      return;
    }
  }
  takeOver(r, readReply(reply, 1, Number(sentId)));
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
  saveForHedges(runtime, network, Limits.measuredOneOf);
}

/** Waits for the answer to an equal call. */
function wait(): void {
  phase = Phase.waiting;
  waitMs = 1;
  timer = setTimeout(lookForAnswer, waitMs);
}

function lookForAnswer(): void {
  const turn = lookAgain(attemptTimeoutMs, dateNow() - startedAt > attemptTimeoutMs);
  if (turn === Turn.waits) {
    waitMs = nextWaitMs(waitMs);
    timer = setTimeout(lookForAnswer, waitMs);
    return;
  }
  const r = client!;
  if (turn === Turn.leads || turn === Turn.alone) {
    client = undefined;
    flight = turn === Turn.leads ? inSlot : "";
    startedAt = dateNow();
    exchangeOf(r).start();
    return;
  }
  const member = takeFound();
  if (turn === Turn.hit) answerFound(member, itsFacts.joinedCounter, itsFacts.joinedLog);
  else if (member.startsWith('"result"'))
    answerFound(`,${member}}`, itsFacts.joinedCounter, itsFacts.joinedLog);
  else answerFailed(member);
}

/** @param rest of the answer behind its id */
function answerFound(rest: string, counter: string, line: string): void {
  var r = client!;
  client = undefined;
  if (startedAt - network.hitWrittenAt >= goodFreshForMs) noteHit(network, startedAt);
  countOne(counter);
  if (isLogged) (r.variables as Written).gateway_log = logsParams ? withParams(line, r) : line;
  r.return(200, idFirst + clientId + rest);
}

/** An equal call has got an error that is the call's own. */
function answerFailed(member: string): void {
  const r = client!;
  client = undefined;
  const call = callOf(r);
  call.finish(member, "error");
  call.cache = "joined";
  exchangeOf(r, call).start();
}

const timedOut: Reply = { failure: "timeout", gaveUp: true };

/** Hands what came of the first attempt over to the general road. */
function takeOver(r: NginxHTTPRequest, reply: Reply): void {
  itsFacts.heldUntil = 0;
  if (phase === Phase.racing) {
    const exchange = racing!;
    racing = undefined;
    exchange.finishRace(road.node, reply, startedAt);
    return;
  }
  exchangeOf(r).takeOver(road.node, reply, startedAt);
}

/** The call under way for the general road. */
function callOf(r: NginxHTTPRequest): Call {
  const call = new Call(clientId, itsFacts.name, paramsOf(r).text);
  if (flight === "") goAlone();
  else {
    if (flight !== inSlot) adopt(network, itsFacts, flight);
    call.cache = "miss";
  }
  return call;
}

/** The params are not kept while a node is asked, because they are seldom needed again. */
function paramsOf(r: NginxHTTPRequest): { text: string; values: unknown[] } {
  const { paramsText, params } = readQuickly(r.requestText ?? "", network)!;
  return { text: paramsText, values: params };
}

function exchangeOf(r: NginxHTTPRequest, call = callOf(r)): Exchange {
  const itsRuntime = runtime;
  return new Exchange(r, itsRuntime, network, [call], startedAt, (exchange) => {
    landCall(call);
    answerExchange(r, exchange, false, itsRuntime);
  });
}

type Written = Record<string, string>;

function withParams(line: string, r: NginxHTTPRequest): string {
  return `${line},"params":${JSON.stringify([paramsOf(r).values])}`;
}
