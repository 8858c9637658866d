import { createHash } from "node:crypto";
import { type Behaviour, each, type MockNode, type RpcCall } from "./mockNode";

/** What a mock node knows of a chain; a test changes it as it goes. */
export interface Chain {
  height: number;
  safe?: number;
  finalized?: number;
  /** From this height on its blocks have other hashes. */
  forkedAt?: number;
  /** Answers to other methods; by default the height, so that a test sees how high the answering node was. */
  other?: (call: RpcCall) => object | undefined;
}

export const hex = (height: number): string => `0x${height.toString(16)}`;

/** A node that answers as its chain is at the moment; says null for blocks that it does not have. */
export function onChain(chain: Chain): Behaviour {
  return each((call) => answerOf(chain, call));
}

function answerOf(chain: Chain, call: RpcCall): object {
  const own = chain.other?.(call);
  if (own !== undefined) return own;
  if (call.method === "eth_blockNumber") return { result: hex(chain.height) };
  if (call.method === "eth_chainId") return { result: "0x1" };
  if (call.method !== "eth_getBlockByNumber") return { result: hex(chain.height) };
  const [tag] = call.params as [string];
  const tags: Record<string, number | undefined> = {
    latest: chain.height,
    safe: chain.safe,
    finalized: chain.finalized,
  };
  const height = tag.startsWith("0x") ? Number(tag) : (tags[tag] ?? Number.POSITIVE_INFINITY);
  return { result: height > chain.height ? null : blockOf(chain, height) };
}

function blockOf(chain: Chain, height: number): object {
  const hash = (at: number) =>
    `0x${createHash("sha256")
      .update(`${at >= (chain.forkedAt ?? Number.POSITIVE_INFINITY) ? "fork" : ""}${at}`)
      .digest("hex")}`;
  return { number: hex(height), hash: hash(height), parentHash: hash(height - 1), transactions: [] };
}

/** Calls of a method that reached a node, with what comes from the proxy itself when that is polling. */
export function callsOf({ received }: MockNode, method: string): RpcCall[] {
  return received.flatMap(({ json }) => json).filter((call) => call.method === method);
}
