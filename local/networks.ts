import type { Network } from "../functions/domain/network";
import { type NetworkTable, networkTable } from "../functions/domain/networkTable";
import { findDefaultNetwork, rememberedDefaultNetwork } from "../functions/handlers/findDefaultNetwork";
import { syncOperatorNodes } from "../functions/handlers/syncOperatorNodes";
import type { NodeProber } from "../functions/ports/nodeProber";
import type { Registry } from "../functions/ports/registry";
import type { LocalConfiguration, OperatorNode } from "./configuration/readConfiguration";

export interface NetworksDependencies {
  registry: Registry;
  prober: NodeProber;
  configuration: LocalConfiguration;
  /** The demo's network and nodes, when the operator has none. */
  demo?: { network: Network; urls: string[] };
}

/** The networks of this run, and the operator's nodes in the default one. */
export class Networks {
  #table: NetworkTable;

  constructor(private readonly dependencies: NetworksDependencies) {
    this.#table = { networks: dependencies.configuration.networks };
  }

  get table(): NetworkTable {
    return this.#table;
  }

  /**
   * Settles which network is the default one, and registers the operator's nodes in it.
   * @returns false when that can't be known yet: none of the nodes says which chain it is on
   */
  async settle(): Promise<boolean> {
    const { configuration, demo, registry } = this.dependencies;
    const network = demo?.network ?? configuration.defaultNetwork ?? (await this.#find());
    if (!network) return false;
    const known = [...configuration.networks, ...(demo ? await this.#remembered() : [])];
    this.#table = networkTable(
      network,
      known.filter((one) => one.name !== network.name && one.chainId !== network.chainId),
    );
    const nodes: (OperatorNode & { wsUrl?: string })[] =
      // anvil takes WebSockets on the port of its HTTP.
      demo?.urls.map((url) => ({ url, wsUrl: url.replace(/^http/, "ws"), isLeader: false })) ??
      configuration.nodes;
    await makeWayForLeader(registry, network.name, nodes.find((node) => node.isLeader)?.url);
    await syncOperatorNodes(
      registry,
      nodes.map((node) => ({ ...node, network: network.name, weight: 100 })),
    );
    return true;
  }

  #find(): Promise<Network | undefined> {
    const { registry, prober, configuration } = this.dependencies;
    const timeoutMs = configuration.settings.probeTimeoutSeconds * 1000;
    return findDefaultNetwork(
      { registry, prober, timeoutMs },
      configuration.nodes.map((node) => node.url),
    );
  }

  /** Nodes added through the admin API in an earlier run may belong to it. */
  async #remembered(): Promise<Network[]> {
    const network = await rememberedDefaultNetwork(this.dependencies.registry);
    return network ? [network] : [];
  }
}

/** The leader that the operator names goes before one that was made leader through the admin API. */
async function makeWayForLeader(registry: Registry, network: string, url: string | undefined): Promise<void> {
  if (url === undefined) return;
  const leader = (await registry.listNodes()).find((node) => node.network === network && node.isLeader);
  if (leader && leader.url !== url) await registry.updateNode(leader.id, { isLeader: false });
}
