import { hasCache } from "./cache";
import { blockParamOf, Depends, dependenceOf } from "./cacheRules";
import { timeCounterOf } from "./counters";
import { headMethod } from "./heads";
import { logLine } from "./logFacts";
import { hasSmallAnswer, isIdempotent, isNamed, nullMayBeMissing } from "./methods";
import { blockMethod, logsMethod } from "./needs";
import { hasOwnRoad } from "./ownRoad";
import type { MethodFacts, Network, Node, Road } from "./types";

/**
 * What the quick road and the cache know of a method; undefined when it is not for them: unknown, closed here, or with a road of its own.
 * Made when a context first meets it, because there are many contexts and may be many networks.
 */
export function methodFacts(network: Network, method: string): MethodFacts | undefined {
  const known = network.methods.get(method);
  if (known !== undefined) {
    if (known.edition !== network.edition) freshen(known, network);
    return known;
  }
  if (!isNamed(method) || !network.isAllowed(method) || network.fixed.has(method) || hasOwnRoad(method))
    return undefined;
  const facts = factsOf(method, network.name);
  freshen(facts, network);
  network.methods.set(method, facts);
  return facts;
}

function factsOf(method: string, network: string): MethodFacts {
  const depends = hasCache() ? dependenceOf(method) : Depends.onCaller;
  const log = (rest: string) =>
    logLine(200, `"network":"${network}",${rest}"method":"${method}","outcome":"ok"`);
  return {
    // What each call reads comes first: members lie in memory in this order.
    idFirstKey: `,"method":"${method}","params":[`,
    // This and what else depends on the network is set by `freshen`.
    edition: -1,
    isCareful: false,
    depends,
    headMs: 0,
    blockParam: blockParamOf(method),
    headPrefix: "",
    only: undefined,
    heldUntil: 0,
    held: undefined,
    roads: [],
    ways: -1,
    bodyStart: `{"jsonrpc":"2.0","id":1,"method":"${method}","params":`,
    mayBeHedged: isIdempotent(method),
    isPlain: !nullMayBeMissing.has(method) && method !== headMethod,
    livesWithHead: depends === Depends.onHead || depends === Depends.onMoment,
    name: method,
    isHead: method === headMethod,
    needsCare: method === blockMethod || method === logsMethod,
    hitCounter: `k|${network}|${method}|hit`,
    joinedCounter: `k|${network}|${method}|joined`,
    hitLog: log('"attempts":0,"cache":"hit",'),
    joinedLog: log('"attempts":0,"cache":"joined",'),
  };
}

/** Answers seldom fall into a later bucket of the histogram. */
const usualBuckets = 9;

/** Brings what depends on the network's nodes and head up to date. */
export function freshen(facts: MethodFacts, network: Network): void {
  const { name, head, headKey, blockTimeMs, rotation } = network;
  facts.edition = network.edition;
  facts.heldUntil = 0;
  facts.headPrefix = `${name}|${headKey}|${facts.name}`;
  facts.headMs = head < 0 || facts.depends === Depends.onMoment ? 0 : blockTimeMs;
  facts.isCareful = facts.needsCare || network.hasGaps || rotation.length === 0;
  if (facts.ways !== network.ways) {
    facts.ways = network.ways;
    facts.roads = filled(network.nodes.length);
  }
  const [first] = rotation;
  facts.only =
    first !== undefined && rotation.length === 1 && !network.hasRates
      ? (facts.roads[first.index] ?? roadTo(first, facts, network))
      : undefined;
}

/** An array without gaps: the engine keeps those with gaps in another way, which is slower. */
function filled(length: number): undefined[] {
  const all: undefined[] = [];
  for (let i = 0; i < length; i++) all.push(undefined);
  return all;
}

/** Finds out what is to be known of calls to this node. */
export function roadTo(node: Node, facts: MethodFacts, network: Network): Road {
  const isShared = facts.depends !== Depends.onCaller;
  const { id, index, location, heavyLocation, watchedUntil } = node;
  const road: Road = {
    isMetered: node.isMetered,
    location: hasSmallAnswer(facts.name) && watchedUntil === 0 ? location : heavyLocation,
    counterStart: `${isShared ? "m" : "q"}|${network.name}|${facts.name}|${id}|`,
    counters: filled(usualBuckets),
    timeCounter: timeCounterOf(network, node),
    logLine: logLine(
      200,
      `"network":"${network.name}","attempts":1,${isShared ? '"cache":"miss",' : ""}"method":"${facts.name}","outcome":"ok","node":"${id}"`,
    ),
    node,
  };
  facts.roads[index] = road;
  return road;
}
