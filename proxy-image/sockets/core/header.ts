/** A block header as the gateway keeps it. */
export interface Header {
  hash: string;
  parentHash: string;
  number: number;
  /** Seconds since 1970; 0 when the node did not say. */
  timestamp: number;
  /** Absent where a chain has none: nothing can be concluded then. */
  logsBloom?: string;
  receiptsRoot?: string;
  /** What a `newHeads` notification carries: the header, serialised once. */
  json: string;
}

/**
 * Members of a block that geth's `newHeads` leaves out. Nodes differ, and a head may come from `eth_subscribe` or from
 * `eth_getBlockBy…`: without them a client sees one shape whatever the source.
 */
const blockOnlyMembers = new Set(["transactions", "uncles", "withdrawals", "size", "totalDifficulty"]);

const hash32 = /^0x[0-9a-fA-F]{64}$/;
const quantity = /^0x[0-9a-fA-F]{1,13}$/;

/** Reads a block or header as a node gave it; undefined when it is none. */
export function readHeader(value: unknown): Header | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const block = value as Record<string, unknown>;
  const { hash, parentHash, number, timestamp, logsBloom, receiptsRoot } = block;
  if (typeof hash !== "string" || !hash32.test(hash)) return undefined;
  if (typeof parentHash !== "string" || !hash32.test(parentHash)) return undefined;
  if (typeof number !== "string" || !quantity.test(number)) return undefined;
  const kept = Object.entries(block).filter(([member]) => !blockOnlyMembers.has(member));
  return {
    hash: hash.toLowerCase(),
    parentHash: parentHash.toLowerCase(),
    number: Number(number),
    timestamp: typeof timestamp === "string" && quantity.test(timestamp) ? Number(timestamp) : 0,
    ...(typeof logsBloom === "string" && /^0x[0-9a-fA-F]{512}$/.test(logsBloom) ? { logsBloom } : {}),
    ...(typeof receiptsRoot === "string" && hash32.test(receiptsRoot)
      ? { receiptsRoot: receiptsRoot.toLowerCase() }
      : {}),
    json: JSON.stringify(Object.fromEntries(kept)),
  };
}
