/** A node as far as the gateway uses it: only for sockets; calls go through nginx. URL and headers are secrets. */
export interface PoolNode {
  id: string;
  network: string;
  wsUrl?: string;
  headers: Record<string, string>;
}

export interface PoolNetwork {
  name: string;
  chainId: number;
  finalityDepthBlocks?: number;
  blockTimeSeconds?: number;
}

/** What the current release says about networks and nodes. */
export interface Pool {
  networks: PoolNetwork[];
  /** Served on `/`. */
  defaultNetwork?: string;
  /** Those that take traffic now. */
  nodes: PoolNode[];
  /** Only sockets that nginx has found a key for are served. */
  requiresKey: boolean;
}

export const emptyPool: Pool = { networks: [], nodes: [], requiresKey: false };

/** The network that a path asks for (`/`, `/<name>`, `/<chainId>`, each with a key behind or not). */
export function networkOfPath(pool: Pool, path: string): PoolNetwork | undefined {
  const first = path.split("?", 1)[0]!.split("/")[1] ?? "";
  const wanted = first === "" ? pool.defaultNetwork : first;
  return pool.networks.find((network) => network.name === wanted || String(network.chainId) === wanted);
}
