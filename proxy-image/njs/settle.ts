import type { Verdict } from "./answer";
import { blameOthers, ejectNode, failNode } from "./blame";
import type { Call } from "./call";
import { finishKnown, finishWithNode, rememberUnknown } from "./conclude";
import { countFailure } from "./counters";
import { withFilterId } from "./filters";
import { headMethod, headResult, heightIn } from "./heads";
import { nullMayBeMissing } from "./methods";
import { judgeMoving, movingTagOf } from "./movingBlocks";
import { blockMethod } from "./needs";
import { wantedOf } from "./nextNode";
import { learnMissing, learnServed, learnUnsupported } from "./rememberedGaps";
import { noteShownIn } from "./shownHeights";
import type { Failure, Network, Node, Runtime } from "./types";

/**
 * What a node's answer means for a call: its answer, a reason to ask another node, or both until somebody has better.
 */

/** @returns whether the node has shown that it works, be it with an error that is the call's own; without a member the call is to go on */
export function settle(
  runtime: Runtime,
  network: Network,
  call: Call,
  node: Node,
  verdict: Verdict,
  now: number,
  restMs?: number,
): boolean {
  if (verdict.kind === "garbage") {
    failNode(runtime, network, call, node, "garbage", now);
    return false;
  }
  if (verdict.kind === "result" && call.method === headMethod) {
    return settleHead(runtime, network, call, node, verdict.member, now);
  }
  if (verdict.kind === "result") {
    if (verdict.isNull && nullMayBeMissing.has(call.method)) {
      if (call.method === blockMethod) learnMissing(network, node, wantedOf(network, call).old, now);
      call.fail(node, "nullResult");
      call.fallback = { member: verdict.member, node, outcome: "ok", failure: "nullResult" };
    } else {
      const member = withFilterId(call.method, node, verdict.member);
      if (member === undefined) {
        failNode(runtime, network, call, node, "garbage", now);
        return false;
      }
      if (!isAgreed(runtime, network, call, node, member, now)) return true;
      call.finish(member, "ok", node);
      if (nullMayBeMissing.has(call.method)) noteShownIn(network, node, member, now);
      if (network.hasGaps) learnServed(network, node, wantedOf(network, call).old, now);
    }
    blameOthers(runtime, network, call, node, now);
    return true;
  }
  return settleError(runtime, network, call, node, verdict, now, restMs);
}

function settleHead(
  runtime: Runtime,
  network: Network,
  call: Call,
  node: Node,
  member: string,
  now: number,
): boolean {
  const said = member.slice(resultStart.length);
  if (heightIn(said) === undefined) {
    failNode(runtime, network, call, node, "garbage", now);
    return false;
  }
  const result = headResult(network, node, said, now);
  if (result === undefined) {
    call.fail(node, "farAhead");
    call.fallback = { member, node, outcome: "ok", failure: "farAhead" };
    return true;
  }
  call.finish(`${resultStart}${result}`, "ok", node);
  blameOthers(runtime, network, call, node, now);
  ejectLiars(runtime, network, call, now);
  return true;
}

/** The block at a moving tag must not be lower than one that clients have seen. */
function isAgreed(
  runtime: Runtime,
  network: Network,
  call: Call,
  node: Node,
  member: string,
  now: number,
): boolean {
  const tag = movingTagOf(call);
  if (tag === undefined) return true;
  const judgement = judgeMoving(network, call, node, tag, member, now);
  if (call.member !== undefined) return false;
  if (judgement === "pass") {
    ejectLiars(runtime, network, call, now);
    return true;
  }
  call.fail(node, judgement);
  // What was said of a higher block may still be true.
  if (call.fallback?.failure !== "farAhead") {
    call.fallback = { member, node, outcome: "ok", failure: judgement };
  }
  return false;
}

/** Another node has shown that they said a head that can't be. */
function ejectLiars(runtime: Runtime, network: Network, call: Call, now: number): void {
  for (const { node: other, failure } of call.failures ?? []) {
    if (failure !== "farAhead" || !network.heads.isFarAhead(other, now)) continue;
    countFailure(network, other, failure);
    ejectNode(runtime, network, other, now, 0);
  }
}

function settleError(
  runtime: Runtime,
  network: Network,
  call: Call,
  node: Node,
  verdict: Verdict & { kind: "error" },
  now: number,
  restMs?: number,
): boolean {
  const { class: errorClass } = verdict.judgement;
  switch (errorClass) {
    case "alreadyKnown":
      finishKnown(call, verdict.member, node);
      blameOthers(runtime, network, call, node, now);
      return true;
    case "own":
    case "caller":
      finishWithNode(call, verdict.member, "error", node);
      blameOthers(runtime, network, call, node, now);
      return true;
    case "rangeTooWide":
    case "missingData":
    case "unsupported":
      if (call.fallback?.failure !== "nullResult") {
        call.fallback = { member: verdict.member, node, outcome: "error", failure: errorClass };
      }
      call.fail(node, errorClass);
      countFailure(network, node, errorClass);
      if (errorClass === "missingData") learnMissing(network, node, wantedOf(network, call).old, now);
      else if (errorClass === "unsupported" && hasNoSuchMethod.test(verdict.member))
        learnUnsupported(network, node, call.method, now);
      return true;
    default:
      failAsSaid(runtime, network, call, node, verdict, now, restMs);
      return false;
  }
}

/** The node failed the call with an error that says more of the node than of the call. */
export function failAsSaid(
  runtime: Runtime,
  network: Network,
  call: Call,
  node: Node,
  { member, judgement }: Verdict & { kind: "error" },
  now: number,
  restMs?: number,
): void {
  const { class: errorClass, byText, byStatus } = judgement;
  if (errorClass !== "trouble") {
    failNode(runtime, network, call, node, errorClass as Failure, now, restMs, byStatus);
    return;
  }
  if (!byText) rememberUnknown(call, node, member);
  failNode(runtime, network, call, node, errorClass, now);
}

/** Texts can be brought about by a caller; a code can't. */
const hasNoSuchMethod = /"code"\s*:\s*-32601\b/;

const resultStart = '"result":';
