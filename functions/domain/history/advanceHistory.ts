import type { RegisteredNode } from "../node";
import type { ReleaseRecord } from "../release";
import type { TaskHeartbeat } from "../task";
import type { NodeState } from "../verdict";
import { historyEvents } from "./events";
import { labelOf } from "./label";
import { addTraffic } from "./traffic";
import type { GatewayEvent, HistoryMinute, HistoryState, NetworkPoint, TaskStanding } from "./types";

/** What a health-check run leaves behind. */
export interface Seen {
  /** ISO 8601 instant. */
  now: string;
  networks: { name: string }[];
  nodes: RegisteredNode[];
  states: NodeState[];
  tasks: TaskHeartbeat[];
  /** Newest first. */
  releases: ReleaseRecord[];
  current?: ReleaseRecord;
  pinned?: number;
}

export interface HistoryStep {
  state: HistoryState;
  /** The minute that has come to its end. */
  finished?: HistoryMinute;
  events: GatewayEvent[];
}

/** Counters by task and node beyond this number are left out: an item of the table has room for 400 KB. */
const maxCallCounters = 5000;

/** Takes what a run has found into the history: worst values of the minute, and what is different from the last run. */
export function advanceHistory(before: HistoryState | undefined, seen: Seen): HistoryStep {
  const at = `${seen.now.slice(0, 16)}:00.000Z`;
  const tasks = standings(seen.tasks);
  const goesOn = before?.minute.at === at;
  const state: HistoryState = {
    at: seen.now,
    minute: {
      at,
      networks: networkPoints(seen, goesOn ? before.minute.networks : {}),
      traffic: addTraffic(
        goesOn ? before.minute.traffic : { requestsByStatus: {}, callsByNode: {} },
        before?.tasks,
        tasks,
      ),
    },
    nodes: nodeStandings(seen),
    release: seen.current?.version,
    pinned: seen.pinned,
    bad: seen.releases.find((release) => release.status === "bad")?.version,
    tasks,
  };
  return {
    state,
    finished: before && !goesOn ? before.minute : undefined,
    events: historyEvents(before, state, seen),
  };
}

function networkPoints(seen: Seen, before: Record<string, NetworkPoint>): Record<string, NetworkPoint> {
  return Object.fromEntries(
    seen.networks.map(({ name }) => {
      const states = seen.states.filter((state) => state.network === name);
      const healthy = states.filter((state) => state.healthy).length;
      const last = before[name];
      const nodes = Object.fromEntries(
        states.map(({ nodeId, height, lag, healthy: isHealthy }) => {
          const worst = last?.nodes[nodeId];
          const lags = [lag, worst?.lag].filter((value) => value !== undefined);
          return [
            nodeId,
            {
              height: height ?? worst?.height,
              lag: lags.length > 0 ? Math.max(...lags) : undefined,
              healthy: isHealthy && worst?.healthy !== false,
            },
          ];
        }),
      );
      return [name, { healthy: Math.min(healthy, last?.healthy ?? healthy), nodes }];
    }),
  );
}

function nodeStandings({ nodes, states }: Seen): HistoryState["nodes"] {
  const healthy = new Set(states.filter((state) => state.healthy).map((state) => state.nodeId));
  return Object.fromEntries(
    nodes.map((node) => [
      node.id,
      { network: node.network, label: labelOf(node), healthy: healthy.has(node.id) },
    ]),
  );
}

function standings(tasks: TaskHeartbeat[]): Record<string, TaskStanding> {
  let room = maxCallCounters;
  return Object.fromEntries(
    tasks.map(({ taskId, releaseVersion, draining, counters }) => {
      const calls = Object.entries(counters.callsByNode).slice(0, room);
      room -= calls.length;
      return [
        taskId,
        {
          version: releaseVersion,
          draining,
          requestsByStatus: counters.requestsByStatus,
          calls: Object.fromEntries(calls.map(([id, { ok, failed }]) => [id, [ok, failed]])),
        },
      ];
    }),
  );
}
