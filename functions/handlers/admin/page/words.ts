import type { EventView } from "./api";

const hourMs = 3_600_000;

/** `14:03:22`, with the day when it is not today. */
export function clockTime(instant: string): string {
  const date = new Date(instant);
  const time = date.toLocaleTimeString([], { hourCycle: "h23" });
  return Date.now() - date.getTime() < 12 * hourMs ? time : `${date.toLocaleDateString()} ${time}`;
}

/** `42 s`, `5 min`, `3 h`, `2 d` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

export function number(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : value.toLocaleString("en");
}

export function rate(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 || value === 0 ? 0 : 1);
}

export function percent(part: number): string {
  const value = part * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

const reasons: Record<string, string> = {
  unreachable: "unreachable",
  timeout: "no answer in time",
  http_error: "HTTP error",
  rpc_error: "JSON-RPC error",
  bad_response: "answer not believable",
  wrong_chain: "on another chain",
  syncing: "syncing",
  lagging: "lagging behind",
  out_of_credits: "credits of this month used up",
};
export const reasonWords = (reason: string) => reasons[reason] ?? reason;

/** What happened, in a sentence, and whether it is good or bad news. */
export function eventWords(event: EventView): { text: string; mood: "good" | "bad" | "" } {
  const { label = "", network = "", reason = "", version = 0, note = "", task_id: task = "" } = event;
  const node = `${label} (${network})`;
  switch (event.kind) {
    case "node_added":
      return { text: `${node} was added`, mood: "" };
    case "node_removed":
      return { text: `${node} was removed`, mood: "" };
    case "node_joined":
      return { text: `${node} is healthy`, mood: "good" };
    case "node_left":
      return { text: `${node} is unhealthy: ${reasonWords(reason)}`, mood: "bad" };
    case "release_published":
      return { text: `Release ${version} is in force`, mood: "" };
    case "release_bad":
      return { text: `Release ${version} is bad: ${note}`, mood: "bad" };
    case "release_pinned":
      return { text: `Went back to release ${version}`, mood: "" };
    case "release_unpinned":
      return { text: "New releases are published again", mood: "" };
    case "task_started":
      return { text: `Task ${task} started`, mood: "" };
    case "task_draining":
      return { text: `Task ${task} is draining`, mood: "" };
    case "task_stopped":
      return { text: `Task ${task} is gone`, mood: "" };
    default:
      return { text: event.kind, mood: "" };
  }
}
