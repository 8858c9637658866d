/** One chain. */
export interface Network {
  /** Lower-case letters, digits and dashes; the path under which the proxy serves it. */
  name: string;
  /** EIP-155 chain id. */
  chainId: number;
  /** Overrides of the settings of the same name. */
  maxLagBlocks?: number;
  blockTimeSeconds?: number;
  finalityDepthBlocks?: number;
  /** Method patterns (`*` wildcard) opened or closed on this network, over the default list. */
  allowedMethods?: string[];
  blockedMethods?: string[];
}
