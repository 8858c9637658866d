import type { Network } from "../../functions/domain/network";
import type { NetworkTable } from "../../functions/domain/networkTable";
import type { Settings } from "../../functions/domain/settings";

/** What the stack's config says to its functions. Plain data: it travels inside the archive, not in the environment (4 KiB). */
export interface FunctionOptions {
  stack: string;
  settings: Settings;
  /** The first is the default network. */
  networks: Network[];
}

export function networkTableOf({ networks }: FunctionOptions): () => Promise<NetworkTable> {
  const table = { networks, defaultNetwork: networks[0]?.name };
  return async () => table;
}
