import type { CreatedKeyView, KeyView } from "../keys";
import type { Status } from "../status";

export type { CreatedKeyView, KeyView, Status };
export type Backend = Status["nodes"][number];
export type WindowName = "15m" | "1h" | "24h";

export interface HistoryAnswer {
  minutes_per_point: number;
  points: HistoryPoint[];
}

export interface HistoryPoint {
  at: string;
  networks: Record<
    string,
    { healthy_nodes: number; nodes: Record<string, { lag?: number; healthy: boolean }> }
  >;
  requests_by_status: Record<string, number>;
}

/** One entry of `GET /events`; which facts there are depends on its kind. */
export interface EventView {
  at: string;
  kind: string;
  node_id?: string;
  label?: string;
  network?: string;
  reason?: string;
  version?: number;
  note?: string;
  task_id?: string;
}

const limitMs = 10_000;

export const getStatus = () => call<Status>("GET", "status");
export const getHistory = (window: WindowName) => call<HistoryAnswer>("GET", `history?window=${window}`);
export const getEvents = async () => (await call<{ events: EventView[] }>("GET", "events")).events;
export const addNode = (node: object) => call("POST", "backends", node);
export const changeNode = (id: string, change: object) => call("PATCH", `backends/${id}`, change);
export const removeNode = (id: string) => call("DELETE", `backends/${id}`);
export const getKeys = () => call<KeyView[]>("GET", "keys");
export const createKey = (key: object) => call<CreatedKeyView>("POST", "keys", key);
export const revokeKey = (id: string) => call("DELETE", `keys/${id}`);
export const unpin = () => call("DELETE", "releases/pin");

interface Refusal {
  error?: string;
  message?: string;
  details?: { field: string; message: string }[];
}

/** @throws Error with words for the operator */
async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(limitMs),
  });
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  throw new Error(wordsOf(text) ?? `The gateway answered ${response.status}.`);
}

function wordsOf(text: string): string | undefined {
  try {
    const { error, message, details } = JSON.parse(text) as Refusal;
    if (details) return details.map((one) => `${one.field}: ${one.message}`).join("; ");
    return message ?? error;
  } catch {
    return undefined;
  }
}
