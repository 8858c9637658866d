import { forgetLatency, latencyFreshMs } from "./latency";
import { readGaps } from "./rememberedGaps";
import { isLevel, rotationOf } from "./rotation";
import { sharedState } from "./sharedState";
import type { Network, Node, Runtime } from "./types";

/*
 * What all workers know together: latencies, ejections, and which generation of the configuration is the newest. Whoever changes
 * something that every context keeps a copy of raises the epoch of its network and the common one, so that a call has to read one
 * number only.
 */

/** Undefined before the first `refreshState`. */
export let shared: ReturnType<typeof sharedState> | undefined;
export const commonEpochKey = "epoch";
const generationKey = "generation";
let seenEpoch = -1;
/** No newer configuration was, at the last `refreshState`. */
export let isInForce = true;

/**
 * Brings this context's copy of what is known about a network up to date.
 * @returns false when a newer configuration is in force: this worker is on its way out and passes its calls on
 */
export function refreshState(runtime: Runtime, network: Network | undefined): boolean {
  shared ??= sharedState();
  const epoch = shared.get(commonEpochKey) ?? 0;
  if (epoch !== seenEpoch) {
    seenEpoch = epoch;
    isInForce = (sharedState().get(generationKey) ?? 0) <= runtime.generation;
  }
  if (network !== undefined && network.seenEpoch !== epoch) refreshNetwork(network, epoch);
  return isInForce;
}

/** The same for all networks: for those who look at nodes without a call. */
export function refreshAll(runtime: Runtime): boolean {
  for (const network of runtime.all) refreshState(runtime, network);
  return refreshState(runtime, undefined);
}

function refreshNetwork(network: Network, epoch: number): void {
  const dictionary = sharedState();
  network.seenEpoch = epoch;
  const ownEpoch = dictionary.get(network.epochKey) ?? 0;
  if (ownEpoch === network.seenOwnEpoch) return;
  network.seenOwnEpoch = ownEpoch;
  network.edition++;
  const { nodes, leader } = network;
  for (const node of leader === undefined ? nodes : [...nodes, leader]) {
    const ejectedUntil = dictionary.get(node.ejectedUntilKey) ?? 0;
    const watchedUntil = dictionary.get(node.watchedUntilKey) ?? 0;
    if (ejectedUntil !== node.ejectedUntil) node.latencyReadAt = 0;
    if (watchedUntil > 0 !== node.watchedUntil > 0) network.ways++;
    node.ejectedUntil = ejectedUntil;
    node.watchedUntil = watchedUntil;
  }
  network.heads.copyTo(network);
  readGaps(network, Date.now());
  network.rotation = rotationOf(network);
  network.isLevel =
    network.head >= 0 && network.heads.isPolled && network.rotation.every((node) => isLevel(network, node));
  network.rotationSums = weightSums(network.rotation);
  network.latencyFreshMs = latencyFreshMs(network.rotation.length);
}

/** Running sums; undefined when all weigh the same. */
function weightSums(nodes: Node[]): number[] | undefined {
  if (nodes.every(({ weight }) => weight === nodes[0]!.weight)) return undefined;
  let sum = 0;
  return nodes.map(({ weight }) => (sum += weight));
}

/** Every context will look at the network again. */
export function raiseEpoch(epochKey: string): void {
  sharedState().incr(epochKey, 1, 0);
  sharedState().incr(commonEpochKey, 1, 0);
}

/** Makes this generation known as the newest, unless a newer one is. */
export function publishGeneration(generation: number): void {
  const dictionary = sharedState();
  if ((dictionary.get(generationKey) ?? 0) >= generation) return;
  dictionary.set(generationKey, generation);
  dictionary.incr(commonEpochKey, 1, 0);
}

/** After this long without anyone having tried it, an ejected node is simply used again. */
const forgottenAfterMs = 30_000;

/** The node is in the rotation. */
export function isUsable(node: Node, now: number): boolean {
  return node.ejectedUntil === 0 || now > node.ejectedUntil + forgottenAfterMs;
}

/** A node that has been well for so long starts with the shortest wait again. */
const forgivenAfterMs = 60_000;

/**
 * Takes a node out of the rotation. Each time in a row doubles the wait until it is tried.
 * @param restMs how long the node itself (or the kind of its error) asks to be left alone
 * @returns false when it was out already
 */
export function eject(node: Node, now: number, runtime: Runtime, restMs = 0): boolean {
  const { halfOpenAfterMs, halfOpenMaxMs } = runtime.limits;
  const dictionary = sharedState();
  try {
    const until = dictionary.get(node.ejectedUntilKey) ?? 0;
    if (until >= now + restMs && until > now) return false;
    const wellSince = dictionary.get(node.recoveredAtKey) ?? 0;
    const last =
      now - wellSince > forgivenAfterMs && until === 0 ? 0 : (dictionary.get(node.backoffKey) ?? 0);
    const backoff = last === 0 ? halfOpenAfterMs : Math.min(last * 2, halfOpenMaxMs);
    dictionary.set(node.backoffKey, backoff);
    dictionary.set(node.ejectedUntilKey, now + Math.max(backoff, restMs));
    raiseEpoch(node.epochKey);
    return until === 0;
  } catch {
    return false;
  }
}

/** Takes a node back into the rotation. */
export function recover(node: Node, now: number): void {
  const dictionary = sharedState();
  try {
    dictionary.set(node.recoveredAtKey, now);
    dictionary.delete(node.ejectedUntilKey);
    // What it was like before it failed says little now.
    forgetLatency(node);
    raiseEpoch(node.epochKey);
  } catch {
    // The node comes back with the next try.
  }
}

const watchedForMs = 600_000;

/**
 * A node sent now and then a byte, past its time. nginx limits only the silence between two bytes, so from now on its answers
 * pass through a filter that limits the whole.
 */
export function watch(node: Node, now: number): void {
  try {
    sharedState().set(node.watchedUntilKey, now + watchedForMs);
    raiseEpoch(node.epochKey);
  } catch {
    // It is noticed again the next time.
  }
}

/** Ejected nodes whose wait is over. */
export function nodesToTry(runtime: Runtime, now: number): Node[] {
  const due: Node[] = [];
  for (const node of runtime.nodes.values()) {
    if (node.ejectedUntil > 0 && now >= node.ejectedUntil) due.push(node);
  }
  return due;
}

/** A trial that has not ended after this long is taken for lost. */
const trialLostAfterMs = 60_000;

/** Sees to it that a node is tried once at a time. */
export function claimTrial(node: Node, now: number): boolean {
  const since = sharedState().get(`p|${node.id}`) ?? 0;
  if (now - since < trialLostAfterMs) return false;
  sharedState().set(`p|${node.id}`, now);
  return true;
}

export function endTrial(node: Node): void {
  sharedState().delete(`p|${node.id}`);
}

/** Sees to it that a node is asked for its height once at a time. */
export function claimPoll(node: Node, now: number): boolean {
  if (now - (sharedState().get(`o|${node.id}`) ?? 0) < trialLostAfterMs) return false;
  sharedState().set(`o|${node.id}`, now);
  return true;
}

export function endPoll(node: Node): void {
  sharedState().delete(`o|${node.id}`);
}

/** How often a context writes that some node has answered. */
export const goodFreshForMs = 200;

/** Some node of the network has just answered: `/ready` need not ask. Written rarely. */
export function noteGood(network: Network, now: number): void {
  if (now - network.goodWrittenAt < goodFreshForMs) return;
  network.goodWrittenAt = now;
  try {
    sharedState().set(network.goodKey, now);
  } catch {
    // `/ready` asks the nodes then.
  }
}

/** A node has shown to `/ready` that it works: that is no traffic. */
export function noteReady(network: Network, now: number): void {
  sharedState().set(readyKey(network), now);
}

/** Instant of about the last good answer of any node of a network to a client, in ms. */
function lastAnswer(network: Network): number {
  return sharedState().get(network.goodKey) ?? 0;
}

/** A client was answered from the cache: that is traffic too, without which nobody would see the head move. */
export function noteHit(network: Network, now: number): void {
  network.hitWrittenAt = now;
  try {
    sharedState().set(hitKey(network), now);
  } catch {
    // What is kept stays in force for one block time at most.
  }
}

/** Instant of about the last answer to a client, of a node or from the cache, in ms. */
export function lastTraffic(network: Network): number {
  return Math.max(lastAnswer(network), sharedState().get(hitKey(network)) ?? 0);
}

/** The same, of a node to anybody. */
export function lastGood(network: Network): number {
  return Math.max(lastAnswer(network), sharedState().get(readyKey(network)) ?? 0);
}

const hitKey = ({ name }: Network): string => `hit|${name}`;
const readyKey = ({ name }: Network): string => `ready|${name}`;
