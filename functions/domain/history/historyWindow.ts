import type { HistoryMinute, NetworkPoint, TrafficPoint } from "./types";

/** What can be asked for: how far back, and how many minutes make one point, so that an answer stays small. */
export const historyWindows = {
  "15m": { minutes: 15, minutesPerPoint: 1 },
  "1h": { minutes: 60, minutesPerPoint: 1 },
  "24h": { minutes: 24 * 60, minutesPerPoint: 10 },
} as const;
export type HistoryWindow = keyof typeof historyWindows;

/** Joins minutes to points: worst values, sums of calls. Minutes in rising order. */
export function toPoints(minutes: HistoryMinute[], minutesPerPoint: number): HistoryMinute[] {
  if (minutesPerPoint === 1) return minutes;
  const lengthMs = minutesPerPoint * 60_000;
  const points = new Map<number, HistoryMinute>();
  for (const minute of minutes) {
    const start = Math.floor(Date.parse(minute.at) / lengthMs) * lengthMs;
    const at = new Date(start).toISOString();
    const point = points.get(start);
    points.set(start, point ? join(point, minute) : { ...minute, at });
  }
  return [...points.values()];
}

function join(point: HistoryMinute, minute: HistoryMinute): HistoryMinute {
  const networks = { ...point.networks };
  for (const [name, next] of Object.entries(minute.networks)) {
    const last = networks[name];
    networks[name] = last ? joinNetwork(last, next) : next;
  }
  return { at: point.at, networks, traffic: joinTraffic(point.traffic, minute.traffic) };
}

function joinNetwork(a: NetworkPoint, b: NetworkPoint): NetworkPoint {
  const nodes = { ...a.nodes };
  for (const [id, next] of Object.entries(b.nodes)) {
    const last = nodes[id];
    nodes[id] = {
      height: next.height ?? last?.height,
      lag: last?.lag === undefined ? next.lag : Math.max(last.lag, next.lag ?? last.lag),
      healthy: next.healthy && last?.healthy !== false,
    };
  }
  return { healthy: Math.min(a.healthy, b.healthy), nodes };
}

function joinTraffic(a: TrafficPoint, b: TrafficPoint): TrafficPoint {
  const requestsByStatus = { ...a.requestsByStatus };
  for (const [status, count] of Object.entries(b.requestsByStatus)) {
    requestsByStatus[status] = (requestsByStatus[status] ?? 0) + count;
  }
  const callsByNode = { ...a.callsByNode };
  for (const [id, { ok, failed }] of Object.entries(b.callsByNode)) {
    const sum = callsByNode[id];
    callsByNode[id] = { ok: (sum?.ok ?? 0) + ok, failed: (sum?.failed ?? 0) + failed };
  }
  return { requestsByStatus, callsByNode };
}
