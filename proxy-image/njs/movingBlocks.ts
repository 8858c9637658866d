import type { Call } from "./call";
import { headNumbers } from "./headNumbers";
import { blockMethod, heightOf, isMoving } from "./needs";
import { sharedState } from "./sharedState";
import type { Network, Node } from "./types";

/** What to do with a node's answer to a call for the block at a tag that moves. */
export type Judgement = "pass" | "behind" | "farAhead" | "unconfirmed";

type Tag = "latest" | "safe" | "finalized";

/** The tag that a call asks a block at; undefined for all other calls. */
export function movingTagOf({ method, paramsText, pinnedParams }: Call): Tag | undefined {
  if (method !== blockMethod || paramsText === undefined || pinnedParams !== undefined) return undefined;
  const params = JSON.parse(paramsText) as unknown;
  const tag: unknown = Array.isArray(params) ? params[0] : undefined;
  return isMoving(tag) ? tag : undefined;
}

/**
 * Judges a block that a node gave for a tag, so that none of the three ever falls for a client. `latest` is shown as soon as a node
 * has it, like the head; `safe` and `finalized`, which rise seldom, once a second node is as far.
 */
export function judgeMoving(
  network: Network,
  call: Call,
  node: Node,
  tag: Tag,
  member: string,
  now: number,
): Judgement {
  const height = heightOf(/"number"\s*:\s*"(0x[0-9a-f]+)"/i.exec(member)?.[1]);
  if (height === undefined) return "pass";
  if (tag === "latest") {
    const head = network.heads.see(node, height, now, true);
    if (head === undefined) return "farAhead";
    return head > height ? "behind" : "pass";
  }
  const shown = sharedState().get(keyOf(network, tag)) ?? -1;
  if (height < shown) {
    askFor(call, shown);
    return "behind";
  }
  if (height === shown || network.nodes.length === 1) return show(network, tag, height);
  const { heard } = call;
  if (heard === undefined) {
    call.heard = height;
    return "unconfirmed";
  }
  // The lower of two is what both have.
  if (height <= heard) return show(network, tag, height);
  show(network, tag, heard);
  if (call.fallback !== undefined) call.finish(call.fallback.member, "ok", call.fallback.node);
  return "pass";
}

/** Nobody else could be asked: what one node said is believed. */
export function believeMoving(network: Network, call: Call): void {
  const tag = movingTagOf(call);
  if (call.heard !== undefined && (tag === "safe" || tag === "finalized")) show(network, tag, call.heard);
}

function show(network: Network, tag: Tag, height: number): "pass" {
  try {
    const key = keyOf(network, tag);
    if (height > (sharedState().get(key) ?? -1)) sharedState().set(key, height);
  } catch {
    // A full dictionary costs certainty, no call.
  }
  return "pass";
}

/** The block that clients were shown is there still, if the node no longer, or not yet, calls it so. */
function askFor(call: Call, height: number): void {
  const [, ...rest] = JSON.parse(call.paramsText!) as unknown[];
  call.pinnedParams = JSON.stringify([`0x${height.toString(16)}`, ...rest]);
  call.tried = [];
}

function keyOf(network: Network, tag: Tag): string {
  const { safe, finalized } = headNumbers(network.name);
  return tag === "safe" ? safe : finalized;
}
