import { followFile } from "./followFile";
import { emptyPool, type Pool, type PoolNetwork, type PoolNode } from "./pool";

const lookEveryMs = 250;

/**
 * Follows the `pool.json` of the current release.
 * @returns stops following
 */
export function followPool(path: string, onPool: (pool: Pool, generation: number) => void): () => void {
  return followFile(path, lookEveryMs, (text, real) =>
    onPool(readPool(JSON.parse(text)), generationOf(real)),
  );
}

/** The agent puts each release it installs into a folder `<version>-<generation>`. */
function generationOf(path: string): number {
  return Number(/\/\d+-(\d+)\/[^/]+$/.exec(path)?.[1] ?? 0);
}

/** Reads what the gateway needs of a pool file; what is not as expected is left out. */
export function readPool(file: unknown): Pool {
  if (!isObject(file) || !Array.isArray(file.networks)) return emptyPool;
  const networks: PoolNetwork[] = [];
  const nodes: PoolNode[] = [];
  for (const network of file.networks as unknown[]) {
    if (!isObject(network) || typeof network.name !== "string" || typeof network.chainId !== "number")
      continue;
    const { name, chainId } = network;
    networks.push({
      name,
      chainId,
      ...(typeof network.finalityDepthBlocks === "number"
        ? { finalityDepthBlocks: network.finalityDepthBlocks }
        : {}),
      ...(typeof network.blockTimeSeconds === "number" ? { blockTimeSeconds: network.blockTimeSeconds } : {}),
    });
    const listed: unknown[] = Array.isArray(network.nodes) ? network.nodes : [];
    // The leader takes traffic only when there is nobody else.
    const serving = listed.length > 0 ? listed : [network.leader];
    for (const node of serving) {
      const read = readNode(node, name);
      if (read) nodes.push(read);
    }
  }
  const { defaultNetwork, admission } = file;
  const requiresKey = isObject(admission) && admission.requiresKey === true;
  return { networks, nodes, requiresKey, ...(typeof defaultNetwork === "string" ? { defaultNetwork } : {}) };
}

function readNode(node: unknown, network: string): PoolNode | undefined {
  if (!isObject(node) || typeof node.id !== "string") return undefined;
  const socket = isObject(node.socket) ? node.socket : {};
  const headers = isObject(socket.headers) ? (socket.headers as Record<string, string>) : {};
  return {
    id: node.id,
    network,
    headers,
    ...(typeof socket.url === "string" && URL.canParse(socket.url) ? { wsUrl: socket.url } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
