import { isUsable, recentLatencyOf } from "./state";
import type { Network, Node } from "./types";

const { random } = Math;

/** Added to each latency, in ms: below it, differences are noise of the machine. */
const noiseMs = 3;

/**
 * The node for a call that was not sent yet: of two drawn by weight, each with a chance that falls with its latency. Reads two
 * nodes' latencies however many there are; the slow one of a pair is still taken sometimes, so it is measured again.
 */
export function chooseFirst(network: Network, now: number): Node | undefined {
  const { rotation } = network;
  const { length } = rotation;
  if (length === 1) return rotation[0];
  if (length === 0) return chooseNext(network, [], now);
  const sums = network.rotationSums;
  if (sums !== undefined) return fasterOf(draw(rotation, sums), draw(rotation, sums), now);
  return fasterOf(rotation[(random() * length) | 0]!, rotation[(random() * length) | 0]!, now);
}

/** The next node for a call that `tried` did not answer; undefined when nobody is left. */
export function chooseNext(network: Network, tried: Node[], now: number): Node | undefined {
  const left = network.nodes.filter((node) => !tried.includes(node));
  const usable = left.filter((node) => isUsable(node, now));
  if (usable.length > 0) return fasterOf(drawFrom(usable), drawFrom(usable), now);
  if (left.length > 0) return left.reduce((a, b) => (a.ejectedUntil <= b.ejectedUntil ? a : b));
  const { leader } = network;
  return leader !== undefined && !tried.includes(leader) ? leader : undefined;
}

function fasterOf(a: Node, b: Node, now: number): Node {
  if (a === b) return a;
  const latencyA = recentLatencyOf(a, now);
  const latencyB = recentLatencyOf(b, now);
  // A node that was never measured is taken for as fast as the other.
  if (latencyA === 0 || latencyB === 0) return a;
  const shareA = (latencyB + noiseMs) / (latencyA + latencyB + 2 * noiseMs);
  return random() < shareA ? a : b;
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
