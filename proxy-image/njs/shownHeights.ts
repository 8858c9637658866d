import { heightOf } from "./needs";
import type { Network, Node } from "./types";

/**
 * A client that was shown a transaction or a block of some height takes the chain for that high: what it reads next must be so new,
 * from a node and from the cache.
 * @param value result of a lookup of a transaction, a receipt or a block
 */
export function noteShown(network: Network, node: Node, value: unknown, now: number): void {
  if (typeof value !== "object" || value === null) return;
  const { blockNumber, number } = value as { blockNumber?: unknown; number?: unknown };
  const height = heightOf(blockNumber ?? number);
  if (height !== undefined && network.head >= 0 && height > network.head)
    network.heads.show(node, height, now);
}

/** The same for a result that was not parsed. */
export function noteShownIn(network: Network, node: Node, member: string, now: number): void {
  const written = /"(?:blockNumber|number)"\s*:\s*"(0x[0-9a-f]{1,13})"/i.exec(member)?.[1];
  noteShown(network, node, { number: written }, now);
}
