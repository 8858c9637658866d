import type { RegisteredNode } from "./node";
import type { NodeState } from "./verdict";

/**
 * Which nodes of one network take calls. The healthy ones but the leader; if there are none, the leader; if it is not
 * healthy either, those that lack nothing but credits of this month, for they answer; then those that were in the pool last,
 * rather than dropping everything; else those that were healthy once.
 * Nodes on a wrong chain and drained ones never.
 */
function choosePool(nodes: RegisteredNode[], states: NodeState[]): Set<string> {
  const stateOf = new Map(states.map((state) => [state.nodeId, state]));
  const usable = nodes.flatMap((node) => {
    const state = stateOf.get(node.id);
    return state && !node.drained && state.reason !== "wrong_chain" ? [{ node, state }] : [];
  });
  const choices = [
    usable.filter(({ node, state }) => state.healthy && !node.isLeader),
    usable.filter(({ node, state }) => state.healthy && node.isLeader),
    usable.filter(({ node, state }) => state.reason === "out_of_credits" && !node.isLeader),
    usable.filter(({ state }) => state.reason === "out_of_credits"),
    usable.filter(({ state }) => state.inPool),
    usable.filter(({ state }) => state.everHealthy),
  ];
  const chosen = choices.find((choice) => choice.length > 0) ?? [];
  return new Set(chosen.map(({ node }) => node.id));
}

/** The states with `inPool` as it has to be for the nodes that are registered now. Applying it twice changes nothing. */
export function withPool(nodes: RegisteredNode[], states: NodeState[]): NodeState[] {
  const networks = new Set(nodes.map((node) => node.network));
  const pools = new Set<string>();
  for (const network of networks) {
    const members = nodes.filter((node) => node.network === network);
    for (const id of choosePool(members, states)) pools.add(id);
  }
  return states.map((state) => ({ ...state, inPool: pools.has(state.nodeId) }));
}
