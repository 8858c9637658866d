import type { Network, Node } from "./types";

/** The node has the head that was handed out, as far as is known. */
export function isLevel(network: Network, node: Node): boolean {
  return hasBlock(network, node, network.head);
}

/** The node has this block, as far as is known. Where heads are not polled, nothing is known of most nodes. */
export function hasBlock(network: Network, node: Node, height: number): boolean {
  return !network.heads.isPolled || height < 0 || node.height + network.slack >= height;
}

/** Those that a usual call is sent to: of the nodes in use those at the head, else the leader if it is, else all in use. */
export function rotationOf(network: Network): Node[] {
  const { nodes, leader } = network;
  const usable = nodes.filter((node) => node.ejectedUntil === 0);
  const level = usable.filter((node) => isLevel(network, node));
  if (level.length > 0) return level;
  const isLeaderLevel = leader !== undefined && leader.ejectedUntil === 0 && isLevel(network, leader);
  return isLeaderLevel && usable.length > 0 ? [leader] : usable;
}
