import type { Network } from "../domain/network";
import { NetworkListError, networkOfChain, parseNetworkList } from "../domain/networkTable";
import type { RegisteredNode } from "../domain/node";
import type { NodeProber } from "../ports/nodeProber";
import type { Registry } from "../ports/registry";

export interface FindDefaultNetworkDependencies {
  registry: Registry;
  prober: NodeProber;
  timeoutMs: number;
}

const fact = "defaultNetwork";

/** The default network that was found at the first start. */
export async function rememberedDefaultNetwork(registry: Registry): Promise<Network | undefined> {
  const text = await registry.getFact(fact);
  if (text === undefined) return undefined;
  try {
    return parseNetworkList(text)[0];
  } catch (error) {
    if (error instanceof NetworkListError) return undefined;
    throw error;
  }
}

/**
 * The network that most of the nodes say they are on, remembered from then on: a node that changes chains later is the one
 * that is wrong. Undefined when none of them answers.
 * @param urls of nodes that are not registered yet
 */
export async function findDefaultNetwork(
  { registry, prober, timeoutMs }: FindDefaultNetworkDependencies,
  urls: string[],
): Promise<Network | undefined> {
  const remembered = await rememberedDefaultNetwork(registry);
  if (remembered) return remembered;
  const results = await Promise.all(urls.map((url) => prober.probe(unregistered(url), timeoutMs)));
  const votes = new Map<number, number>();
  for (const result of results) {
    if (result.ok) votes.set(result.chainId, (votes.get(result.chainId) ?? 0) + 1);
  }
  const [winner] = [...votes].sort(([, a], [, b]) => b - a);
  if (!winner || winner[0] < 1) return undefined;
  const network = networkOfChain(winner[0]);
  await registry.putFact(fact, `${network.name}=${network.chainId}`);
  return network;
}

function unregistered(url: string): RegisteredNode {
  return {
    id: "new",
    network: "unknown",
    url,
    isLeader: false,
    weight: 100,
    drained: false,
    source: "operator",
    whenAdded: new Date(0).toISOString(),
  };
}
