// biome-ignore lint/style/useNodejsImportProtocol: this is the module of njs, not that of Node
import fs from "fs";
import type { PoolFile, PoolLimits, PoolNetwork } from "../../functions/domain/render/poolFile";
import { fixedMembers } from "./fixedAnswers";
import { Heads } from "./heads";
import { setHeavyMethods } from "./heavyMethods";
import { latencyFreshMs } from "./latency";
import { type MethodRule, sharedRules } from "./methodRule";
import { commonOf, KnownNode } from "./poolNode";
import type { Network, Node, Runtime } from "./types";

/** See `loadRuntime`. */
export let runtime: Runtime | undefined;

/**
 * The pool that this worker's configuration came with. A context serves one configuration only (a reload starts new workers),
 * so it is read once.
 */
export function loadRuntime(source: { readonly variables: NginxVariables }): Runtime {
  if (runtime !== undefined) return runtime;
  const { variables } = source;
  const pool = JSON.parse(fs.readFileSync(variables.gateway_pool ?? "", "utf8")) as PoolFile;
  runtime = runtimeOf(pool, Number(variables.gateway_generation));
  return runtime;
}

function runtimeOf(pool: PoolFile, generation: number): Runtime {
  setHeavyMethods(pool.limits.heavyMethods);
  const networks = new Map<string, Network>();
  const nodes = new Map<string, Node>();
  const ruleOf = sharedRules();
  for (const described of pool.networks) {
    const isAllowed = ruleOf(described.blockedMethods, described.allowedMethods);
    const network = networkOf(described, pool.limits, isAllowed);
    networks.set(network.name, network);
    for (const node of network.nodes) nodes.set(node.id, node);
    if (network.leader) nodes.set(network.leader.id, network.leader);
  }
  const all = [...networks.values()];
  // Names win over chain ids, whatever an operator called a network.
  for (const network of all) {
    const chainId = String(network.chainId);
    if (!networks.has(chainId)) networks.set(chainId, network);
  }
  const defaultNetwork = networks.get(pool.defaultNetwork ?? "");
  const { limits, admission } = pool;
  return { generation, limits, admission, all, networks, defaultNetwork, nodes };
}

const noMethods = new Set<string>();

function networkOf(described: PoolNetwork, limits: PoolLimits, isAllowed: MethodRule): Network {
  const epochKey = `x|${described.name}`;
  const common = commonOf(described.chainId, epochKey, limits);
  const nodes = described.nodes.map((node, index) => new KnownNode(node, index, common));
  const fixed = fixedMembers(described.chainId);
  const leader = described.leader && new KnownNode(described.leader, nodes.length, common);
  return {
    // What each call reads comes first: members lie in memory in this order.
    seenEpoch: -1,
    edition: 0,
    idFirstMethods: [],
    rotation: nodes,
    rotationSums: undefined,
    latencyFreshMs: latencyFreshMs(nodes.length),
    hasRates: [...nodes, ...(leader ? [leader] : [])].some(({ rate }) => rate !== undefined),
    goodWrittenAt: 0,
    hitWrittenAt: 0,
    ways: 0,
    name: described.name,
    chainId: described.chainId,
    nodes,
    leader,
    isLevel: false,
    slack: 0,
    hasGaps: false,
    gapMethods: noMethods,
    head: -1,
    fork: 0,
    finalHeight: -1,
    headKey: "",
    blockTimeMs: described.blockTimeSeconds * 1000,
    epochKey,
    seenOwnEpoch: -1,
    goodKey: `good|${described.name}`,
    methods: new Map(),
    spellings: [],
    isAllowed,
    heads: new Heads(described, leader ? [...nodes, leader] : nodes, limits, epochKey),
    fixed,
  };
}
