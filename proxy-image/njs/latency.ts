import { hedgeAfter } from "./hedging";
import { sharedState } from "./sharedState";
import type { Node } from "./types";

/*
 * How quick nodes are, as all workers have learnt it: of each the moving average of its latency, and what all but its slowest answers
 * keep to. Both are in one number, because each look into shared memory costs.
 */

/** The average is kept in hundredths of a millisecond, above what is usual in tenths. */
const usualSpan = 2 ** 24;
const longestMs = 1_000_000;

/** Moving average of a node's latency in ms; 0 while unknown. */
export function latencyOf(node: Node): number {
  return averageIn(sharedState().get(node.latencyKey) ?? 0);
}

const averageIn = (known: number): number => Math.floor(known / usualSpan) / 100;
const usualIn = (known: number): number => (known % usualSpan) / 10;

/** A context reads them again after this time at the earliest. */
const latencyFreshForMs = 200;
/** Of more nodes than so many each answers so few calls that what is known of it changes less often. */
const nodesReadOften = 8;

/** The same where so many nodes share the calls: what a call reads must not grow with their number. */
export function latencyFreshMs(nodes: number): number {
  return latencyFreshForMs * Math.max(1, nodes / nodesReadOften);
}

/** Brings this context's copies up to date. */
export function readLatency(node: Node, now: number): void {
  const known = sharedState().get(node.latencyKey) ?? 0;
  node.latency = averageIn(known);
  node.hedgeAfterMs = hedgeAfter(usualIn(known), node.longestHedgeMs);
  // Until it is known it is looked for in each call.
  node.latencyReadAt = known === 0 ? 0 : now;
}

/** Share of the newest measurement in the average. */
const newestShare = 0.2;
/** This share of a node's answers is called usual: one that takes longer may be raced on another node. */
const usualShare = 0.95;
/** How far one answer moves what is usual, as a share of it. */
const quantileStep = 0.1;

export function learnLatency(node: Node, milliseconds: number): void {
  // 0 would mean unknown.
  const measured = Math.min(longestMs, Math.max(milliseconds, 0.1));
  try {
    const known = sharedState().get(node.latencyKey) ?? 0;
    const before = averageIn(known);
    const average = before === 0 ? measured : before + (measured - before) * newestShare;
    const usual = before === 0 ? measured * 2 : usualIn(known);
    const step = Math.max(1, usual * quantileStep);
    const moved = usual + (measured > usual ? usualShare : usualShare - 1) * step;
    sharedState().set(node.latencyKey, packed(average, moved));
  } catch {
    // A full dictionary costs balance, no call.
  }
}

function packed(averageMs: number, usualMs: number): number {
  const usual = Math.min(usualSpan - 1, Math.max(0, Math.round(usualMs * 10)));
  return Math.max(1, Math.round(averageMs * 100)) * usualSpan + usual;
}

/** What it was like before says little now. */
export function forgetLatency(node: Node): void {
  sharedState().delete(node.latencyKey);
}
