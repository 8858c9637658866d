import { goAlone, keep, lookAgain, lookUp, nextWaitMs, Turn, takeFound, takeTurn } from "./cache";
import { Depends } from "./cacheRules";
import type { Call } from "./call";
import { methodFacts } from "./methodFacts";
import { withoutBlanks } from "./quickRequest";
import { noteHit } from "./state";
import type { MethodFacts, Network } from "./types";

/** The cache on the general road: batches, and single calls in an unusual spelling. */

const resultStart = '"result":';

interface Question {
  facts: MethodFacts;
  params: unknown[];
  text: string;
}

/** Undefined when the call's answer is nobody else's. */
function questionOf(network: Network, call: Call): Question | undefined {
  if (call.member !== undefined || call.idText === undefined) return undefined;
  const facts = methodFacts(network, call.method);
  if (facts === undefined || facts.depends === Depends.onCaller) return undefined;
  const text = withoutBlanks(call.paramsText ?? "[]");
  const params = JSON.parse(text) as unknown;
  return Array.isArray(params) ? { facts, params, text } : undefined;
}

/** Answers those calls of a batch whose answers are kept. */
export function answerKept(network: Network, calls: Call[]): void {
  for (const call of calls) {
    const question = questionOf(network, call);
    if (question === undefined) continue;
    const member = lookUp(network, question.facts, question.params, question.text);
    if (member === undefined) {
      call.cache = "miss";
      continue;
    }
    finish(call, member, "hit");
    noteHit(network, Date.now());
  }
}

/** Keeps the answers that the other calls of the batch have got. */
export function keepAnswers(network: Network, calls: Call[]): void {
  for (const call of calls) {
    const { method, outcome, cache, member, paramsText = "[]" } = call;
    const facts = methodFacts(network, method);
    if (cache !== "miss" || outcome !== "ok" || facts === undefined) continue;
    keep(network, facts, JSON.parse(paramsText) as unknown[], paramsText, member!.slice(resultStart.length));
  }
}

/**
 * Goes on with a single call as soon as it is known whether it has to be sent: then its `member` is undefined, and `landCall` has to be
 * called with it in the end.
 */
export function takeTurnOf(network: Network, call: Call, longestMs: number, goOn: () => void): void {
  const question = questionOf(network, call);
  if (question === undefined) {
    goAlone();
    goOn();
    return;
  }
  const turn = takeTurn(network, question.facts, question.params, question.text, longestMs);
  if (turn === Turn.waits) {
    wait(call, longestMs, Date.now() + longestMs, 1, goOn);
    return;
  }
  if (turn === Turn.hit) {
    finish(call, takeFound().slice(1, -1), "hit");
    noteHit(network, Date.now());
  } else if (turn === Turn.leads) call.cache = "miss";
  goOn();
}

function wait(call: Call, longestMs: number, until: number, ms: number, goOn: () => void): void {
  setTimeout(() => {
    const turn = lookAgain(longestMs, Date.now() > until);
    if (turn === Turn.waits) {
      wait(call, longestMs, until, nextWaitMs(ms), goOn);
      return;
    }
    if (turn === Turn.hit) finish(call, takeFound().slice(1, -1), "joined");
    else if (turn === Turn.handed) finish(call, takeFound(), "joined");
    else if (turn === Turn.leads) call.cache = "miss";
    goOn();
  }, ms);
}

function finish(call: Call, member: string, cache: Call["cache"]): void {
  call.finish(member, member.startsWith(resultStart) ? "ok" : "error");
  call.cache = cache;
}
