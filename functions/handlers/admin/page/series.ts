import type { HistoryAnswer, HistoryPoint, Status, WindowName } from "./api";

/** One line of a chart: a value for each of the chart's times, null where there is none. */
interface Line {
  key: string;
  label: string;
  values: (number | null)[];
}
export interface ChartData {
  /** Seconds since 1970. */
  times: number[];
  lines: Line[];
  /** Told below the chart. */
  note?: string;
}
interface Sample {
  time: number;
  /** By line. */
  values: Map<string, number>;
}

export type ChartName = "requests" | "lag" | "healthy";

const liveSeconds = 15 * 60;
/** More lines than this tell nobody anything. */
const mostLines = 12;
export const windowSeconds: Record<WindowName, number> = { "15m": 900, "1h": 3600, "24h": 86_400 };

/** What has been seen since the page was opened, joined with what the gateway remembers. */
export class Series {
  readonly #live: Record<ChartName, Sample[]> = { requests: [], lag: [], healthy: [] };

  take(status: Status, rates: Record<string, number> | undefined): void {
    const time = Date.parse(status.at) / 1000;
    const add = (chart: ChartName, values: Map<string, number>) => {
      const samples = this.#live[chart];
      samples.push({ time, values });
      while (samples[0] && time - samples[0].time > liveSeconds) samples.shift();
    };
    if (rates) add("requests", new Map(Object.entries(rates)));
    const lags = status.nodes.filter((node) => node.lag !== null);
    add("lag", new Map(lags.map((node) => [node.id, Math.max(0, node.lag ?? 0)])));
    add("healthy", new Map(status.networks.map((network) => [network.name, network.healthy_nodes])));
  }

  chart(
    name: ChartName,
    window: WindowName,
    history: HistoryAnswer | undefined,
    labelOf: (key: string) => string,
  ): ChartData {
    const now = Date.now() / 1000;
    const live = this.#live[name];
    const isLive = window === "15m";
    const liveFrom = isLive ? (live[0]?.time ?? Infinity) : Infinity;
    const past = (history?.points ?? [])
      .map((point) => sampleOf(name, point, history?.minutes_per_point ?? 1))
      .filter((sample) => sample.time < liveFrom && sample.time > now - windowSeconds[window]);
    const newest = isLive ? live : live.slice(-1).filter((sample) => sample.time > (past.at(-1)?.time ?? 0));
    const gap = 2.5 * 60 * (history?.minutes_per_point ?? 1);
    return toChart(withGaps([...past, ...newest], gap), labelOf, name);
  }
}

function sampleOf(name: ChartName, point: HistoryPoint, minutes: number): Sample {
  const time = Date.parse(point.at) / 1000;
  const networks = Object.entries(point.networks);
  if (name === "healthy") {
    return { time, values: new Map(networks.map(([network, { healthy_nodes: n }]) => [network, n])) };
  }
  if (name === "lag") {
    const nodes = networks.flatMap(([, network]) => Object.entries(network.nodes));
    const known = nodes.flatMap(([id, { lag }]) =>
      lag === undefined ? [] : [[id, Math.max(0, lag)] as const],
    );
    return { time, values: new Map(known) };
  }
  // The last point may not be over yet.
  const seconds = Math.min(Math.max(Date.now() / 1000 - time, 1), minutes * 60);
  const rates = Object.entries(point.requests_by_status).map(
    ([status, count]) => [status, count / seconds] as const,
  );
  return { time, values: new Map(rates) };
}

/** A time without values where the gateway was away, so that no line is drawn across. */
function withGaps(samples: Sample[], longest: number): Sample[] {
  return samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    const isGap = before !== undefined && sample.time - before.time > longest;
    return isGap ? [{ time: before.time + 1, values: new Map<string, number>() }, sample] : [sample];
  });
}

function toChart(samples: Sample[], labelOf: (key: string) => string, name: ChartName): ChartData {
  const worst = new Map<string, number>();
  for (const { values } of samples) {
    for (const [key, value] of values) worst.set(key, Math.max(worst.get(key) ?? 0, value));
  }
  const all = [...worst.keys()].sort();
  const kept =
    all.length <= mostLines
      ? all
      : all.sort((a, b) => (worst.get(b) ?? 0) - (worst.get(a) ?? 0)).slice(0, mostLines);
  // Without requests of a status in a minute there were none; of a node without a height nothing is known.
  const absent = name === "requests" ? 0 : null;
  return {
    times: samples.map((sample) => sample.time),
    lines: kept.map((key) => ({
      key,
      label: labelOf(key),
      values: samples.map(({ values }) => values.get(key) ?? (values.size === 0 ? null : absent)),
    })),
    note: kept.length < all.length ? `The ${kept.length} furthest of ${all.length} are shown.` : undefined,
  };
}
