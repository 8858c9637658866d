import type { Network } from "../../functions/domain/network";
import type { RegisteredNode } from "../../functions/domain/node";
import type { RenderInput } from "../../functions/domain/render/renderRelease";
import { defaultSettings, type Settings } from "../../functions/domain/settings";
import type { NodeState } from "../../functions/domain/verdict";

export const mainnet: Network = { name: "mainnet", chainId: 1 };

export type NodeSpec = Partial<RegisteredNode> & { url: string; inPool?: boolean };

/** A node of the pool unless it says otherwise; the n-th gets the n-th id. */
export function nodeId(index: number): string {
  return `n${(index + 1).toString(16).padStart(16, "0")}`;
}

/** What is rendered for these nodes, with short limits so that tests are quick. */
export function poolOf(
  specs: NodeSpec[],
  overrides: Partial<Settings> = {},
  rest: Partial<RenderInput> = {},
): RenderInput {
  const nodes = specs.map(
    ({ inPool: _inPool, ...spec }, index): RegisteredNode => ({
      id: nodeId(index),
      network: "mainnet",
      isLeader: false,
      weight: 100,
      drained: false,
      source: "operator",
      whenAdded: "2026-01-01T00:00:00.000Z",
      ...spec,
    }),
  );
  const states = nodes.map(
    (node, index): NodeState => ({
      nodeId: node.id,
      network: node.network,
      healthy: true,
      everHealthy: true,
      reason: "ok",
      badStreak: 0,
      goodStreak: 1,
      inPool: specs[index]?.inPool ?? !node.isLeader,
      since: "2026-01-01T00:00:00.000Z",
      checkedAt: "2026-01-01T00:00:00.000Z",
    }),
  );
  const settings = {
    ...defaultSettings("local"),
    attemptTimeoutSeconds: 1,
    callTimeoutSeconds: 4,
    // Tests count what nodes are asked.
    headPollSeconds: 0,
    // Tests count the calls that nodes get.
    cacheMegabytes: 0,
    hedgeShare: 0,
    ...overrides,
  };
  return { settings, networks: [mainnet], defaultNetwork: "mainnet", nodes, states, ...rest };
}
