import type { Verdict } from "./answer";

/** Answers that follow from the network's chain id, by method. No node is asked, so none can say anything else. */
export function fixedMembers(chainId: number): Map<string, string> {
  return new Map([
    ["eth_chainId", `"result":"0x${chainId.toString(16)}"`],
    ["net_version", `"result":"${chainId}"`],
  ]);
}

/** What a node said to `eth_chainId` is what its network is. */
export function isOnChain(verdict: Verdict | undefined, chainId: number): boolean {
  if (verdict?.kind !== "result") return false;
  const said = /^"result":"(0x[0-9a-f]{1,14})"$/i.exec(verdict.member)?.[1];
  return said !== undefined && Number(said) === chainId;
}
