import { blameOthers, mayHaveActed } from "./blame";
import type { Call } from "./call";
import { chooseFirst, chooseNext, restOf, type Wanted } from "./choose";
import { nextPinned } from "./filters";
import { headMethod } from "./heads";
import { isIdempotent } from "./methods";
import { believeMoving } from "./movingBlocks";
import { blockMethod, logsMethod, needsOf } from "./needs";
import { charge } from "./nodeLimits";
import { isLevel } from "./rotation";
import { isUsable } from "./state";
import type { Network, Node, Runtime } from "./types";

/** For whom a node is looked for. */
export interface Asking {
  readonly runtime: Runtime;
  readonly network: Network;
  readonly deadline: number;
}

/** So many nodes are asked whether they have the end of a range of logs. */
const mostBehind = 3;
/** When all nodes have as many calls under way as they take, it is worth trying again after this time. */
const cappedRestMs = 1000;

/** The node that a call goes to next; undefined when none is left. Whoever asks has to send the call: it is charged for. */
export function nextNode(asking: Asking, call: Call, now: number): Node | undefined {
  const node = candidate(asking, call, now);
  if (node === undefined) {
    const isCapped = call.failures?.some(({ failure }) => failure === "capped") === true;
    call.restMs = restOf(asking.network, call.tried ?? [], now) || (isCapped ? cappedRestMs : 0);
  } else if (node.rate !== undefined) {
    charge(node, now, 1);
  }
  return node;
}

/** Not every node that is well will do for the call. */
export function isParticular(network: Network, call: Call): boolean {
  return network.hasGaps || network.hasRates || call.method === logsMethod;
}

export function wantedOf(network: Network, call: Call): Wanted {
  call.wanted ??= { method: call.method, ...needsOf(network, call) };
  return call.wanted;
}

function candidate(asking: Asking, call: Call, now: number): Node | undefined {
  const { network, deadline } = asking;
  const { tried, method, fallback } = call;
  const idempotent = isIdempotent(method);
  if (call.pinned !== undefined) return nextPinned(call, idempotent);
  if (tried === undefined || tried.length === 0) {
    return isParticular(network, call)
      ? chooseNext(network, [], now, wantedOf(network, call))
      : chooseFirst(network, now);
  }
  if (now >= deadline) return undefined;
  if (!idempotent && call.failures?.some(({ failure }) => mayHaveActed.has(failure))) return undefined;
  const node = chooseNext(network, tried, now, wantedOf(network, call));
  switch (fallback?.failure) {
    case "farAhead":
      return nextWitness(asking, call, node, now);
    // A null is the usual answer for what is not there yet: it must not keep the leader and ailing nodes busy.
    case "nullResult":
      return isInUse(network, node, now) ? node : undefined;
    case "unconfirmed":
      if (isInUse(network, node, now)) return node;
      believeMoving(network, call);
      return undefined;
    case "behind":
      if (method === blockMethod && !(node && isUsable(node, now) && isLevel(network, node)))
        return undefined;
      if (call.failures!.filter(({ failure }) => failure === "behind").length >= mostBehind) return undefined;
      break;
  }
  if (node !== undefined || call.retrying || !idempotent) return node;
  // A node may have closed an idle connection just when the call was sent: that is worth a second try.
  call.retrying = true;
  call.tried = tried.filter((one) => !call.failures?.some((f) => f.node === one && f.failure === "reset"));
  return chooseNext(network, call.tried, now, wantedOf(network, call));
}

function isInUse({ leader }: Network, node: Node | undefined, now: number): boolean {
  return node !== undefined && node !== leader && isUsable(node, now);
}

/** Somebody who can say whether a head is true; with nobody left, what was said is believed. */
function nextWitness(
  { runtime, network }: Asking,
  call: Call,
  next: Node | undefined,
  now: number,
): Node | undefined {
  for (const node of [next, network.leader]) {
    if (node !== undefined && !call.tried!.includes(node) && isUsable(node, now)) return node;
  }
  const said = call.failures!.filter(({ failure }) => failure === "farAhead").map(({ node }) => node);
  const head = network.heads.believe(said, now);
  if (call.method === headMethod) call.fallback!.member = `"result":"0x${head.toString(16)}"`;
  blameOthers(runtime, network, call, call.fallback!.node, now);
  return undefined;
}
