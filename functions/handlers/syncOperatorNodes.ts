import { type AddNode, NodeExistsError, type Registry } from "../ports/registry";

/** One of the operator's nodes; `url` is normalised. */
export type OperatorNode = Omit<AddNode, "source" | "drained">;

/**
 * Makes the registry hold the operator's list (environment, stack config): what is not on it any more leaves, what is new
 * comes. Nodes that were added through the admin API stay, also when they are on the list.
 * @throws LeaderExistsError when another node leads a network that the list has a leader for
 */
export async function syncOperatorNodes(
  registry: Registry,
  wanted: OperatorNode[],
): Promise<{ added: string[]; removed: string[] }> {
  const key = (node: { network: string; url: string }) => `${node.network} ${node.url}`;
  const listed = new Map(wanted.map((node) => [key(node), node]));
  const present = await registry.listNodes();
  const gone = present.filter((node) => node.source === "operator" && !listed.has(key(node)));
  for (const node of gone) await registry.deleteNode(node.id);
  const kept = present.filter((node) => listed.has(key(node)));
  // Whoever steps down does so before another one steps up.
  for (const node of kept) {
    if (node.isLeader && !listed.get(key(node))?.isLeader)
      await registry.updateNode(node.id, { isLeader: false });
  }
  for (const node of kept) {
    if (!node.isLeader && listed.get(key(node))?.isLeader)
      await registry.updateNode(node.id, { isLeader: true });
  }
  const there = new Set(kept.map(key));
  const added: string[] = [];
  for (const node of listed.values()) {
    if (!there.has(key(node))) added.push(...(await add(registry, node)));
  }
  return { added, removed: gone.map((node) => node.id) };
}

async function add(registry: Registry, node: OperatorNode): Promise<string[]> {
  try {
    return [(await registry.addNode({ ...node, source: "operator", drained: false })).id];
  } catch (error) {
    // Another start was faster.
    if (error instanceof NodeExistsError) return [];
    throw error;
  }
}
