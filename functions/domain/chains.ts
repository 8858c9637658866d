/** What is commonly known of a chain. */
export interface KnownChain {
  /** Short name, fit for a path. */
  name: string;
  /** Usual seconds between blocks; absent where the default (12) is right. */
  blockTimeSeconds?: number;
}

/** Chains by EIP-155 id. Names as in ethereum-lists/chains (shortened), block times as their explorers show. */
const chains: Record<number, KnownChain> = {
  1: { name: "mainnet" },
  10: { name: "optimism", blockTimeSeconds: 2 },
  25: { name: "cronos", blockTimeSeconds: 1 },
  56: { name: "bsc", blockTimeSeconds: 0.45 },
  97: { name: "bsc-testnet", blockTimeSeconds: 0.45 },
  100: { name: "gnosis", blockTimeSeconds: 5 },
  130: { name: "unichain", blockTimeSeconds: 1 },
  137: { name: "polygon", blockTimeSeconds: 2 },
  146: { name: "sonic", blockTimeSeconds: 0.4 },
  250: { name: "fantom", blockTimeSeconds: 1 },
  324: { name: "zksync", blockTimeSeconds: 1 },
  480: { name: "worldchain", blockTimeSeconds: 2 },
  1101: { name: "polygon-zkevm", blockTimeSeconds: 3 },
  1284: { name: "moonbeam", blockTimeSeconds: 6 },
  1337: { name: "localnet", blockTimeSeconds: 1 },
  5000: { name: "mantle", blockTimeSeconds: 2 },
  8453: { name: "base", blockTimeSeconds: 2 },
  10200: { name: "chiado", blockTimeSeconds: 5 },
  11155111: { name: "sepolia" },
  11155420: { name: "optimism-sepolia", blockTimeSeconds: 2 },
  17000: { name: "holesky" },
  31337: { name: "anvil", blockTimeSeconds: 1 },
  42161: { name: "arbitrum", blockTimeSeconds: 0.25 },
  42170: { name: "arbitrum-nova", blockTimeSeconds: 0.25 },
  42220: { name: "celo", blockTimeSeconds: 1 },
  43113: { name: "fuji", blockTimeSeconds: 1 },
  43114: { name: "avalanche", blockTimeSeconds: 1 },
  59144: { name: "linea", blockTimeSeconds: 2 },
  80002: { name: "amoy", blockTimeSeconds: 2 },
  81457: { name: "blast", blockTimeSeconds: 2 },
  84532: { name: "base-sepolia", blockTimeSeconds: 2 },
  421614: { name: "arbitrum-sepolia", blockTimeSeconds: 0.25 },
  534352: { name: "scroll", blockTimeSeconds: 1 },
  560048: { name: "hoodi" },
  7777777: { name: "zora", blockTimeSeconds: 2 },
};

export function knownChain(chainId: number): KnownChain | undefined {
  return Object.hasOwn(chains, chainId) ? chains[chainId] : undefined;
}
