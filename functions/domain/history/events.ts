import { redactText } from "../redact";
import type { ReleaseRecord } from "../release";
import type { NodeState } from "../verdict";
import type { GatewayEvent, HistoryState } from "./types";

/** A run tells of so many things at most; what a whole provider's failure does to its nodes fits. */
const maxEvents = 100;
const maxNoteLength = 300;

type News = GatewayEvent extends infer Event
  ? Event extends { at: string }
    ? Omit<Event, "at">
    : never
  : never;

/** What is different from the last run. Of the first run ever, everything. */
export function historyEvents(
  before: HistoryState | undefined,
  after: HistoryState,
  { now, states, releases }: { now: string; states: NodeState[]; releases: ReleaseRecord[] },
): GatewayEvent[] {
  const news = [
    ...nodeNews(before, after, states),
    ...releaseNews(before, after, releases),
    ...taskNews(before, after),
  ];
  return news.slice(0, maxEvents).map((one) => ({ at: now, ...one }) as GatewayEvent);
}

function nodeNews(before: HistoryState | undefined, after: HistoryState, states: NodeState[]): News[] {
  const reasons = new Map(states.map((state) => [state.nodeId, state.reason]));
  const news: News[] = [];
  for (const [nodeId, { network, label, healthy }] of Object.entries(after.nodes)) {
    const was = before?.nodes[nodeId];
    const about = { nodeId, label, network };
    if (!was) news.push({ kind: "node_added", ...about });
    if (healthy && !was?.healthy) news.push({ kind: "node_joined", ...about });
    if (!healthy && was?.healthy) {
      news.push({ kind: "node_left", ...about, reason: reasons.get(nodeId) ?? "unreachable" });
    }
  }
  for (const [nodeId, { network, label }] of Object.entries(before?.nodes ?? {})) {
    if (!after.nodes[nodeId]) news.push({ kind: "node_removed", nodeId, label, network });
  }
  return news;
}

function releaseNews(
  before: HistoryState | undefined,
  after: HistoryState,
  releases: ReleaseRecord[],
): News[] {
  const news: News[] = [];
  if (after.bad !== undefined && after.bad !== before?.bad) {
    const note = releases.find((release) => release.version === after.bad)?.note ?? "";
    news.push({
      kind: "release_bad",
      version: after.bad,
      note: redactText(note).slice(0, maxNoteLength),
    });
  }
  if (after.release !== undefined && after.release !== before?.release) {
    news.push({ kind: "release_published", version: after.release });
  }
  if (after.pinned !== before?.pinned) {
    news.push(
      after.pinned === undefined
        ? { kind: "release_unpinned" }
        : { kind: "release_pinned", version: after.pinned },
    );
  }
  return news;
}

function taskNews(before: HistoryState | undefined, after: HistoryState): News[] {
  const news: News[] = [];
  for (const [taskId, { version, draining }] of Object.entries(after.tasks)) {
    const was = before?.tasks[taskId];
    if (!was) news.push({ kind: "task_started", taskId, version });
    if (draining && !was?.draining) news.push({ kind: "task_draining", taskId, version });
  }
  for (const [taskId, { version }] of Object.entries(before?.tasks ?? {})) {
    if (!after.tasks[taskId]) news.push({ kind: "task_stopped", taskId, version });
  }
  return news;
}
