import { isDeepStrictEqual } from "node:util";
import type { RegisteredNode } from "../domain/node";
import { type AddNode, NodeExistsError, type Registry } from "../ports/registry";

/** One of the operator's nodes; `url` is normalised. */
export type OperatorNode = Omit<AddNode, "source" | "drained">;

/**
 * Makes the registry hold the operator's list (environment, stack config): what is not on it any more leaves, what is new
 * comes. Nodes that were added through the admin API stay, also when they are on the list. A node that stays takes new headers and a
 * new WebSocket URL from the list (a rotated key); weight, name and limits are left as the admin API may have changed them.
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
  for (const node of kept) {
    if (node.source === "operator") await renewAccess(registry, node, listed.get(key(node))!);
  }
  const there = new Set(kept.map(key));
  const added: string[] = [];
  for (const node of listed.values()) {
    if (!there.has(key(node))) added.push(...(await add(registry, node)));
  }
  return { added, removed: gone.map((node) => node.id) };
}

async function renewAccess(registry: Registry, node: RegisteredNode, wanted: OperatorNode): Promise<void> {
  const changed = {
    ...(isDeepStrictEqual(node.headers ?? {}, wanted.headers ?? {})
      ? {}
      : { headers: wanted.headers ?? null }),
    ...(node.wsUrl === wanted.wsUrl ? {} : { wsUrl: wanted.wsUrl ?? null }),
  };
  if (Object.keys(changed).length > 0) await registry.updateNode(node.id, changed);
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
