import { hasCache } from "./cache";
import { blockParamOf, Depends, dependenceOf } from "./cacheRules";
import { headMethod } from "./heads";
import { hasSmallAnswer, isIdempotent, isNamed, nullMayBeMissing } from "./methods";
import { blockMethod, logsMethod } from "./needs";
import { hasOwnRoad } from "./ownRoad";
import type { MethodFacts, Network } from "./types";

/**
 * What the quick road and the cache know of a method; undefined when it is not for them: unknown, closed here, or with a road of its own.
 * Made when a context first meets it, because there are many contexts and may be many networks.
 */
export function methodFacts(network: Network, method: string): MethodFacts | undefined {
  const known = network.methods.get(method);
  if (known !== undefined) return known;
  if (!isNamed(method) || !network.isAllowed(method) || network.fixed.has(method) || hasOwnRoad(method))
    return undefined;
  const facts = factsOf(method, network.name);
  network.methods.set(method, facts);
  return facts;
}

function factsOf(method: string, network: string): MethodFacts {
  const depends = hasCache() ? dependenceOf(method) : Depends.onCaller;
  const isShared = depends !== Depends.onCaller;
  const log = (rest: string) => `","network":"${network}",${rest}"method":"${method}","outcome":"ok"`;
  return {
    depends,
    mayBeHedged: isIdempotent(method),
    headPrefix: `${network}||${method}`,
    headKey: "",
    blockParam: blockParamOf(method),
    name: method,
    bodyStart: `{"jsonrpc":"2.0","id":1,"method":"${method}","params":`,
    isSmall: hasSmallAnswer(method),
    nullMayBeMissing: nullMayBeMissing.has(method),
    isHead: method === headMethod,
    needsCare: method === blockMethod || method === logsMethod,
    counter: `${isShared ? "m" : "q"}|${network}|${method}|`,
    hitCounter: `k|${network}|${method}|hit`,
    joinedCounter: `k|${network}|${method}|joined`,
    log: `${log(`"attempts":1,${isShared ? '"cache":"miss",' : ""}`)},"node":"`,
    logLines: [],
    promptCounters: [],
    hitLog: log('"attempts":0,"cache":"hit",'),
    joinedLog: log('"attempts":0,"cache":"joined",'),
  };
}
