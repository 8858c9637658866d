import { headNumbers } from "./headNumbers";
import { heightOf } from "./needs";
import { sharedState } from "./sharedState";
import type { Network } from "./types";

/** What tells a block from others of its height. */
export interface BlockFacts {
  height: number;
  /** The start of its hash, as far as a number holds it. */
  hash: number;
  parentHash: number;
}

export type SeenBlock = Pick<BlockFacts, "height" | "hash">;

/** The facts in the result of a block; undefined when it is none. */
export function blockFactsOf(member: string): BlockFacts | undefined {
  try {
    const { result } = JSON.parse(`{${member}}`) as { result?: Record<string, unknown> | null };
    const height = heightOf(result?.number);
    const hash = startOf(result?.hash);
    const parentHash = startOf(result?.parentHash);
    if (height === undefined || hash === undefined || parentHash === undefined) return undefined;
    return { height, hash, parentHash };
  } catch {
    return undefined;
  }
}

function startOf(hash: unknown): number | undefined {
  return typeof hash === "string" && /^0x[0-9a-f]{64}$/i.test(hash) ? Number(hash.slice(0, 15)) : undefined;
}

/** The block that was seen last; undefined before the first. */
export function lastBlock(network: Network): SeenBlock | undefined {
  const { hashHeight, hash } = headNumbers(network.name);
  const height = sharedState().get(hashHeight);
  const known = sharedState().get(hash);
  return height === undefined || known === undefined ? undefined : { height, hash: known };
}

export function rememberBlock(network: Network, { height, hash }: SeenBlock): void {
  const keys = headNumbers(network.name);
  sharedState().set(keys.hashHeight, height);
  sharedState().set(keys.hash, hash);
}

/**
 * Whether a chain with this block has the one that was seen last.
 * @returns undefined when the block at that height has to be looked at
 */
export function continues(last: SeenBlock, block: BlockFacts): boolean | undefined {
  if (block.height === last.height) return block.hash === last.hash;
  if (block.height === last.height + 1) return block.parentHash === last.hash;
  return undefined;
}
