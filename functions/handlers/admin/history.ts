import type { Context } from "hono";
import { type HistoryWindow, historyWindows, toPoints } from "../../domain/history/historyWindow";
import type { GatewayEvent, HistoryMinute } from "../../domain/history/types";
import type { AdminDependencies } from "./dependencies";

const mostEvents = 200;
const usualEvents = 50;

/** `GET /history?window=15m|1h|24h`: what the charts are drawn from. The minute under way is its last point. */
export async function answerHistory({ registry, clock }: AdminDependencies, c: Context): Promise<Response> {
  const window = c.req.query("window") ?? "15m";
  if (!isWindow(window)) {
    const message = `must be one of ${Object.keys(historyWindows).join(", ")}`;
    return c.json({ error: "validation_error", details: [{ field: "window", message }] }, 400);
  }
  const { minutes, minutesPerPoint } = historyWindows[window];
  const from = new Date(clock.now().getTime() - minutes * 60_000).toISOString();
  const [past, state] = await Promise.all([registry.listHistory(from), registry.historyState()]);
  const known =
    state && state.minute.at >= from ? [...withoutMinute(past, state.minute.at), state.minute] : past;
  return c.json({
    window,
    from,
    minutes_per_point: minutesPerPoint,
    points: toPoints(known, minutesPerPoint).map(toPointView),
  });
}

/** `GET /events?limit=50`: newest first. */
export async function answerEvents({ registry }: AdminDependencies, c: Context): Promise<Response> {
  const limit = Number(c.req.query("limit") ?? usualEvents);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostEvents) {
    const message = `must be a whole number from 1 to ${mostEvents}`;
    return c.json({ error: "validation_error", details: [{ field: "limit", message }] }, 400);
  }
  return c.json({ events: (await registry.listEvents(limit)).map(toEventView) });
}

function isWindow(window: string): window is HistoryWindow {
  return Object.hasOwn(historyWindows, window);
}

function withoutMinute(minutes: HistoryMinute[], at: string): HistoryMinute[] {
  return minutes.filter((minute) => minute.at !== at);
}

function toPointView({ at, networks, traffic }: HistoryMinute) {
  return {
    at,
    networks: Object.fromEntries(
      Object.entries(networks).map(([name, { healthy, nodes }]) => [name, { healthy_nodes: healthy, nodes }]),
    ),
    requests_by_status: traffic.requestsByStatus,
    calls_by_node: traffic.callsByNode,
  };
}

/** `nodeId` → `node_id`; absent facts are left out. */
function toEventView(event: GatewayEvent) {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
