import type { Network } from "./network";
import { blockTimeSeconds } from "./networkTable";
import type { RegisteredNode } from "./node";
import { withPool } from "./pool";
import { believable, nextReference, referenceHeight, type Sighting } from "./referenceHeight";
import type { Settings } from "./settings";
import type { NodeState, ProbeResult, Reason, ReferenceHeight } from "./verdict";

type EvaluationSettings = Pick<
  Settings,
  "maxLagBlocks" | "blockTimeSeconds" | "unhealthyAfter" | "healthyAfter"
>;

export interface EvaluationInput {
  networks: Network[];
  nodes: RegisteredNode[];
  /** States before this run. */
  states: NodeState[];
  /** References of the last run. */
  references: ReferenceHeight[];
  /** A node without one (its batch failed) keeps its state. */
  probes: ProbeResult[];
  /** Credits of this month that each node with a limit has taken. */
  spent?: ReadonlyMap<string, number>;
  settings: EvaluationSettings;
  /** ISO 8601 instant at which the run started. */
  now: string;
}

export interface Evaluation {
  /** One for each node of a known network that has been probed, in this run or before. */
  states: NodeState[];
  /** Only of networks where a node answered. */
  references: ReferenceHeight[];
}

/** Judges one health-check run: rules 1 to 3 of the control plane (see ARCHITECTURE.md). */
export function evaluate(input: EvaluationInput): Evaluation {
  const states: NodeState[] = [];
  const references: ReferenceHeight[] = [];
  for (const network of input.networks) {
    const result = evaluateNetwork(network, input);
    states.push(...result.states);
    if (result.reference) references.push(result.reference);
  }
  return { states: withPool(input.nodes, states), references };
}

function evaluateNetwork(
  network: Network,
  input: EvaluationInput,
): { states: NodeState[]; reference?: ReferenceHeight } {
  const nodes = input.nodes.filter((node) => node.network === network.name);
  const before = latestStates(nodes, input.states);
  const probes = new Map(input.probes.map((probe) => [probe.nodeId, probe]));
  const rules = {
    maxLagBlocks: network.maxLagBlocks ?? input.settings.maxLagBlocks,
    blockTimeSeconds: blockTimeSeconds(network, input.settings),
  };
  const last = input.references.find((reference) => reference.network === network.name);
  const seen = sightings(nodes, before, probes, network.chainId);
  const believed = believable(seen, last, input.now, rules);
  const height = referenceHeight(believed);
  const disbelieved = new Set(seen.filter((one) => !believed.includes(one)).map((one) => one.nodeId));
  const states = nodes.flatMap((node) => {
    const probe = probes.get(node.id);
    const previous = before.get(node.id);
    if (!probe) return previous ? [previous] : [];
    const finding = disbelieved.has(node.id)
      ? { reason: "bad_response" as const, height: probe.ok ? probe.height : undefined }
      : judge(probe, network.chainId, height, rules.maxLagBlocks);
    const paid = withCredits(node, finding, input.spent?.get(node.id) ?? 0);
    return [nextState(node, previous, { ...paid, latencyMs: probe.latencyMs }, input)];
  });
  return {
    states,
    reference: height === undefined ? undefined : nextReference(network.name, height, last, input.now, rules),
  };
}

/** What was known of each node. What was known of one that has been removed and added again counts no more. */
function latestStates(nodes: RegisteredNode[], states: NodeState[]): Map<string, NodeState> {
  const added = new Map(nodes.map((node) => [node.id, node.whenAdded]));
  return new Map(
    states
      .filter((state) => state.checkedAt >= (added.get(state.nodeId) ?? ""))
      .map((state) => [state.nodeId, state]),
  );
}

/** The nodes whose heights may be compared: they answered, are on the right chain and not syncing. */
function sightings(
  nodes: RegisteredNode[],
  before: Map<string, NodeState>,
  probes: Map<string, ProbeResult>,
  chainId: number,
): Sighting[] {
  return nodes.flatMap((node) => {
    const probe = probes.get(node.id);
    if (!probe?.ok || probe.chainId !== chainId || probe.syncing) return [];
    const previous = before.get(node.id);
    const disbelievedRuns = previous?.reason === "bad_response" ? previous.badStreak : 0;
    return [{ nodeId: node.id, height: probe.height, isLeader: node.isLeader, disbelievedRuns }];
  });
}

interface Finding {
  reason: Reason;
  height?: number;
  lag?: number;
  creditsUsed?: number;
}

/** A node that is well otherwise takes no calls when its plan is used up. */
function withCredits({ limits }: RegisteredNode, finding: Finding, creditsUsed: number): Finding {
  if (limits?.monthlyCredits === undefined) return finding;
  const isUsedUp = finding.reason === "ok" && creditsUsed >= limits.monthlyCredits;
  return { ...finding, reason: isUsedUp ? "out_of_credits" : finding.reason, creditsUsed };
}

function judge(
  probe: ProbeResult,
  chainId: number,
  reference: number | undefined,
  maxLagBlocks: number,
): Finding {
  if (!probe.ok) return { reason: probe.reason };
  if (probe.chainId !== chainId) return { reason: "wrong_chain" };
  const lag = reference === undefined ? undefined : reference - probe.height;
  const found = { height: probe.height, lag };
  if (probe.syncing) return { reason: "syncing", ...found };
  return { reason: lag !== undefined && lag > maxLagBlocks ? "lagging" : "ok", ...found };
}

/** These need no second look. */
const isImmediate: ReadonlySet<Reason> = new Set(["wrong_chain", "out_of_credits"]);

function nextState(
  node: RegisteredNode,
  previous: NodeState | undefined,
  finding: Finding & { latencyMs: number },
  { settings, now }: EvaluationInput,
): NodeState {
  const good = finding.reason === "ok";
  const goodStreak = good ? (previous?.goodStreak ?? 0) + 1 : 0;
  const badStreak = good ? 0 : (previous?.badStreak ?? 0) + 1;
  const wasHealthy = previous?.healthy ?? false;
  const everHealthy = previous?.everHealthy ?? false;
  const healthy = good
    ? wasHealthy ||
      !everHealthy ||
      previous?.reason === "out_of_credits" ||
      goodStreak >= settings.healthyAfter
    : wasHealthy && !isImmediate.has(finding.reason) && badStreak < settings.unhealthyAfter;
  return {
    nodeId: node.id,
    network: node.network,
    healthy,
    ...finding,
    badStreak,
    goodStreak,
    everHealthy: everHealthy || healthy,
    inPool: previous?.inPool ?? false,
    since: previous && previous.healthy === healthy ? previous.since : now,
    checkedAt: now,
  };
}
