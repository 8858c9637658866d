import { readLatency } from "./latency";
import type { Needs } from "./needs";
import { waitOf } from "./nodeLimits";
import { hasServed, lacks } from "./rememberedGaps";
import { hasBlock, isLevel } from "./rotation";
import { isUsable } from "./state";
import type { Network, Node } from "./types";

const { random } = Math;

/** Added to each latency, in ms: below it, differences are noise of the machine. */
const noiseMs = 3;

/**
 * The node for a call that was not sent yet: of two drawn by weight, each with a chance that falls with its latency. Reads two
 * nodes' latencies however many there are; the slow one of a pair is still taken sometimes, so it is measured again.
 */
export function chooseFirst(network: Network, now: number): Node | undefined {
  const { rotation, rotationSums } = network;
  const { length } = rotation;
  if (length === 0 || network.hasRates) return chooseNext(network, [], now);
  const a = rotationSums === undefined ? rotation[(random() * length) | 0]! : draw(rotation, rotationSums);
  const b = rotationSums === undefined ? rotation[(random() * length) | 0]! : draw(rotation, rotationSums);
  return fasterOf(a, b, network, now);
}

/** What is wanted of a node besides being well. */
export interface Wanted extends Needs {
  method: string;
}

/** Why a node comes later, the worst first. Those of one rank are equals; all that is worse comes only when nobody is left. */
const Rank = { good: 0, unproven: 1, leader: 2, behind: 3, lacking: 4, ejected: 5, lastLeader: 6 } as const;
type Rank = (typeof Rank)[keyof typeof Rank];

/**
 * The next node for a call that `tried` did not answer; undefined when nobody is left. Nodes that may not be called at this moment are
 * left out: `restOf` says for how long.
 */
export function chooseNext(network: Network, tried: Node[], now: number, wanted?: Wanted): Node | undefined {
  const { nodes, leader } = network;
  let best: Node[] = [];
  let bestRank: Rank = Rank.lastLeader;
  const proven = wanted?.old !== undefined && nodes.some((node) => hasServed(node, wanted.old));
  for (const node of nodes) {
    if (tried.includes(node) || (node.rate !== undefined && waitOf(node, now) > 0)) continue;
    const rank = rankOf(network, node, now, wanted, proven);
    if (rank > bestRank) continue;
    if (rank < bestRank) best = [];
    bestRank = rank;
    best.push(node);
  }
  if (leader !== undefined && !tried.includes(leader) && waitOf(leader, now) === 0) {
    const rank = rankOf(network, leader, now, wanted, false);
    const isWorthy = rank <= Rank.unproven && (bestRank === Rank.behind || bestRank === Rank.lacking);
    if (isWorthy || best.length === 0) return leader;
  }
  if (best.length === 0) return undefined;
  if (bestRank === Rank.ejected) return best.reduce((a, b) => (a.ejectedUntil <= b.ejectedUntil ? a : b));
  return fasterOf(drawFrom(best), drawFrom(best), network, now);
}

function rankOf(
  network: Network,
  node: Node,
  now: number,
  wanted: Wanted | undefined,
  someAreProven: boolean,
): Rank {
  if (!isUsable(node, now)) return Rank.ejected;
  if (wanted !== undefined && lacks(node, wanted.method, wanted.old)) return Rank.lacking;
  if (!isLevel(network, node)) return Rank.behind;
  if (wanted?.range !== undefined && !hasBlock(network, node, wanted.range)) return Rank.behind;
  return someAreProven && !hasServed(node, wanted?.old) ? Rank.unproven : Rank.good;
}

/** How long it takes until one of the nodes that were not tried may be called, in ms; 0 when none of them rests. */
export function restOf(network: Network, tried: Node[], now: number): number {
  if (!network.hasRates) return 0;
  const { nodes, leader } = network;
  const waits = (leader === undefined ? nodes : [...nodes, leader])
    .filter((node) => !tried.includes(node))
    .map((node) => waitOf(node, now))
    .filter((wait) => wait > 0);
  return waits.length === 0 ? 0 : Math.min(...waits);
}

function fasterOf(a: Node, b: Node, { latencyFreshMs }: Network, now: number): Node {
  if (a === b) return a;
  if (now - a.latencyReadAt > latencyFreshMs) readLatency(a, now);
  if (now - b.latencyReadAt > latencyFreshMs) readLatency(b, now);
  const { latency: latencyA } = a;
  const { latency: latencyB } = b;
  // A node that was never measured is taken for as fast as the other.
  if (latencyA === 0 || latencyB === 0) return a;
  return random() * (latencyA + latencyB + 2 * noiseMs) < latencyB + noiseMs ? a : b;
}

function draw(nodes: Node[], weightSums: number[]): Node {
  const target = random() * weightSums[weightSums.length - 1]!;
  let low = 0;
  let high = weightSums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (weightSums[middle]! > target) high = middle;
    else low = middle + 1;
  }
  return nodes[low]!;
}

function drawFrom(nodes: Node[]): Node {
  let target = Math.random() * nodes.reduce((sum, { weight }) => sum + weight, 0);
  for (const node of nodes) {
    target -= node.weight;
    if (target < 0) return node;
  }
  return nodes[0]!;
}
