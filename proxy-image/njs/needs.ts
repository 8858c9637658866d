import { blockParamOf } from "./cacheRules";
import type { Call } from "./call";
import type { MethodFacts, Network } from "./types";

/** What a node must have to answer a call. */
export interface Needs {
  /** All blocks up to this height: the end of a range of logs, of which a node would leave out what it does not have. */
  range: number | undefined;
  /** An old block's state, or the block: not every node keeps those. */
  old: { height: number; kind: OldKind } | undefined;
}

/** What a node may no longer have of old blocks: their state, or their transactions, receipts and logs. */
export const OldKind = { state: 0, history: 1 } as const;
export type OldKind = (typeof OldKind)[keyof typeof OldKind];

/** A node that is no archive keeps the state of so many blocks. */
const keptByAll = 128;

const ofState = new Set([
  "eth_call",
  "eth_createAccessList",
  "eth_estimateGas",
  "eth_getBalance",
  "eth_getCode",
  "eth_getProof",
  "eth_getStorageAt",
  "eth_getTransactionCount",
]);

export const logsMethod = "eth_getLogs";
export const blockMethod = "eth_getBlockByNumber";
const nothing: Needs = { range: undefined, old: undefined };

export function needsOf(network: Network, { method, paramsText }: Call): Needs {
  const isLogs = method === logsMethod;
  const index = isLogs ? 0 : blockParamOf(method);
  if (index < 0 || paramsText === undefined) return nothing;
  const params = JSON.parse(paramsText) as unknown;
  return Array.isArray(params) ? needsOfParams(network, method, params) : nothing;
}

function needsOfParams(network: Network, method: string, params: unknown[]): Needs {
  if (method !== logsMethod) {
    return { range: undefined, old: oldBlock(network, method, params[blockParamOf(method)]) };
  }
  const filter = params[0];
  if (typeof filter !== "object" || filter === null || "blockHash" in filter) return nothing;
  const { fromBlock, toBlock } = filter as { fromBlock?: unknown; toBlock?: unknown };
  return { range: endOf(network, toBlock), old: oldBlock(network, method, fromBlock) };
}

/** Whether a call of a method that usually takes the quick road has to be sent with care: it concerns blocks that not all nodes have. */
export function wantsCare({ name }: MethodFacts, params: unknown[], network: Network): boolean {
  if (name === blockMethod && isMoving(params[0])) return true;
  if (name !== logsMethod && !network.hasGaps) return false;
  const { range, old } = needsOfParams(network, name, params);
  if (range !== undefined && range > (network.isLevel ? network.head - network.slack : -1)) return true;
  return network.hasGaps && (old !== undefined || network.gapMethods.has(name));
}

/** Tags whose blocks never fall. */
export function isMoving(tag: unknown): tag is "latest" | "safe" | "finalized" {
  return tag === "latest" || tag === "safe" || tag === "finalized";
}

/** The height in a block parameter; undefined when it is a tag, or nonsense that the node will refuse. */
export function heightOf(block: unknown): number | undefined {
  return typeof block === "string" && /^0x[0-9a-f]{1,13}$/i.test(block) ? Number(block) : undefined;
}

/**
 * How far a node must be to have the end of a range. A range that ends above the head is not cut off there, as nodes did for long: who
 * asks for it knows of that block, or must hear that it is not there (execution-apis: "block range extends beyond current head block").
 */
function endOf(network: Network, toBlock: unknown): number | undefined {
  if (toBlock === undefined || toBlock === null || toBlock === "latest" || toBlock === "pending") {
    // A chain may add a block before the node that was asked has said so.
    return network.head < 0 ? undefined : network.head - network.slack;
  }
  return heightOf(toBlock);
}

function oldBlock(network: Network, method: string, block: unknown): Needs["old"] {
  const height = block === "earliest" ? 0 : heightOf(block);
  if (height === undefined || network.head < 0 || height >= network.head - keptByAll) return undefined;
  return { height, kind: ofState.has(method) ? OldKind.state : OldKind.history };
}
