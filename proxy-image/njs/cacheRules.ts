import type { Network } from "./types";

// Here and in `Stability`, a constant enumeration: the bundle holds the numbers themselves, which are read in each call.
/** What an answer depends on besides the method and its params. */
// biome-ignore lint/suspicious/noConstEnum: see above; nothing outside of the bundle imports it
export const enum Depends {
  /** Never kept nor shared. */
  onCaller = 0,
  onNothing = 1,
  /** On the state at a block that one of the params names. */
  onBlock = 2,
  /** On the block or transaction that the first param names by hash. */
  onHash = 3,
  /** On the blocks of a filter: `eth_getLogs`. */
  onRange = 4,
  onHead = 5,
  /** On the moment: only calls at the same time share an answer. */
  onMoment = 6,
}

/** Index of the param that names a block by number or tag. */
const blockParam: Record<string, number> = {
  eth_call: 1,
  eth_createAccessList: 1,
  eth_estimateGas: 1,
  eth_feeHistory: 1,
  eth_getBalance: 1,
  eth_getBlockByNumber: 0,
  eth_getBlockReceipts: 0,
  eth_getBlockTransactionCountByNumber: 0,
  eth_getCode: 1,
  eth_getProof: 2,
  eth_getStorageAt: 2,
  eth_getTransactionByBlockNumberAndIndex: 0,
  eth_getTransactionCount: 1,
  eth_getUncleByBlockNumberAndIndex: 0,
  eth_getUncleCountByBlockNumber: 0,
};

const others: Record<string, Depends> = {
  eth_blobBaseFee: Depends.onHead,
  eth_blockNumber: Depends.onMoment,
  eth_gasPrice: Depends.onHead,
  eth_getBlockByHash: Depends.onHash,
  eth_getBlockTransactionCountByHash: Depends.onMoment,
  eth_getLogs: Depends.onRange,
  eth_getTransactionByBlockHashAndIndex: Depends.onHash,
  eth_getTransactionByHash: Depends.onHash,
  eth_getTransactionReceipt: Depends.onHash,
  eth_getUncleByBlockHashAndIndex: Depends.onMoment,
  eth_getUncleCountByBlockHash: Depends.onMoment,
  eth_maxPriorityFeePerGas: Depends.onHead,
  eth_syncing: Depends.onMoment,
  web3_sha3: Depends.onNothing,
};

export function dependenceOf(method: string): Depends {
  return method in blockParam ? Depends.onBlock : (others[method] ?? Depends.onCaller);
}

/** −1 when none of the params names a block. */
export function blockParamOf(method: string): number {
  return blockParam[method] ?? -1;
}

/** How long the state at a block stays what it is. */
// biome-ignore lint/suspicious/noConstEnum: as above
export const enum Stability {
  moment = 0,
  head = 1,
  final = 2,
}

/** @param tag a block number or tag as the client wrote it; anything else is no reason to keep an answer */
export function stabilityOf(network: Network, tag: unknown): Stability {
  if (tag === undefined || tag === "latest") return network.head < 0 ? Stability.moment : Stability.head;
  if (typeof tag !== "string") return Stability.moment;
  if (tag.startsWith("0x")) {
    const height = Number(tag);
    if (height <= network.finalHeight) return Stability.final;
    return height <= network.head ? Stability.head : Stability.moment;
  }
  if (tag === "earliest") return Stability.final;
  return (tag === "safe" || tag === "finalized") && network.head >= 0 ? Stability.head : Stability.moment;
}

/** Of a range of blocks: its end counts. A range that is given by a block's hash is as good as the moment. */
export function stabilityOfRange(network: Network, filter: unknown): Stability {
  if (typeof filter !== "object" || filter === null || "blockHash" in filter) return Stability.moment;
  const { fromBlock, toBlock } = filter as { fromBlock?: unknown; toBlock?: unknown };
  const to = stabilityOf(network, toBlock);
  const from = stabilityOf(network, fromBlock);
  return Math.min(from, to) as Stability;
}
