import type { TaskCounters } from "../../functions/domain/task";
import { bucketsMs, expandedCounters } from "./counters";
import { nameOfKey } from "./keyStore";
import { latencyOf } from "./latency";
import { isUsable } from "./state";
import type { Runtime } from "./types";

const histogram = "gateway_node_answer_seconds";

/** All metrics as Prometheus text. */
export function metricsText(runtime: Runtime, now: number): string {
  const families = new Families();
  const histograms = new Map<string, number[]>();
  for (const [name, value] of expandedCounters()) {
    const [kind, ...labels] = name.split("|") as [string, ...string[]];
    countersToText(families, histograms, kind, labels, value);
  }
  histogramsToText(families, histograms);
  for (const network of runtime.all) {
    for (const node of network.nodes) {
      const labels = { network: network.name, node: node.id };
      families.add("gateway_node_in_rotation", "gauge", labels, isUsable(node, now) ? 1 : 0);
      families.add("gateway_node_latency_seconds", "gauge", labels, latencyOf(node) / 1000);
    }
  }
  families.add("gateway_configuration_generation", "gauge", {}, runtime.generation);
  return families.text();
}

function countersToText(
  families: Families,
  histograms: Map<string, number[]>,
  kind: string,
  labels: string[],
  value: number,
): void {
  const [network = "", second = "", third = "", fourth = "", fifth = ""] = labels;
  switch (kind) {
    case "c":
      families.add(
        "gateway_calls_total",
        "counter",
        { network, method: second, node: third, outcome: fourth, cache: fifth },
        value,
      );
      break;
    case "f":
      families.add(
        "gateway_node_failures_total",
        "counter",
        { network, node: second, failure: third },
        value,
      );
      break;
    case "j":
      families.add("gateway_node_ejections_total", "counter", { network, node: second }, value);
      break;
    case "x":
      families.add("gateway_node_credits_total", "counter", { node: network }, value);
      break;
    case "y":
      families.add("gateway_hedged_calls_total", "counter", { network }, value);
      break;
    case "s":
      families.add("gateway_http_responses_total", "counter", { status: network }, value);
      break;
    case "d":
      families.add("gateway_turned_away_total", "counter", { reason: network }, value);
      break;
    case "u":
      addKeyCalls(families, network, second, value);
      break;
    case "t":
      families.add(histogram, "histogram", { network, node: second }, value / 1000, "_sum");
      break;
    case "h": {
      const series = `${network}|${second}`;
      const buckets = histograms.get(series) ?? new Array<number>(bucketsMs.length + 1).fill(0);
      buckets[Number(third)] = value;
      histograms.set(series, buckets);
      break;
    }
  }
}

/** Of keys that are revoked nothing is told any more: the number of series stays that of the keys. */
function addKeyCalls(families: Families, key: string, outcome: string, value: number): void {
  const name = nameOfKey(key)?.replace(/[\\"]/g, "\\$&");
  if (name !== undefined) families.add("gateway_key_calls_total", "counter", { key, name, outcome }, value);
}

function histogramsToText(families: Families, histograms: Map<string, number[]>): void {
  for (const [series, buckets] of histograms) {
    const [network = "", node = ""] = series.split("|");
    let sum = 0;
    buckets.forEach((count, index) => {
      sum += count;
      const le = index < bucketsMs.length ? String(bucketsMs[index]! / 1000) : "+Inf";
      families.add(histogram, "histogram", { network, node, le }, sum, "_bucket");
    });
    families.add(histogram, "histogram", { network, node }, sum, "_count");
  }
}

/** Lines of the text format, those of one name together as the format wants it. */
class Families {
  private readonly families = new Map<string, string[]>();

  add(name: string, type: string, labels: Record<string, string>, value: number, suffix = ""): void {
    const lines = this.families.get(name) ?? [`# TYPE ${name} ${type}`];
    const written = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    lines.push(`${name}${suffix}${written.length > 0 ? `{${written.join(",")}}` : ""} ${value}`);
    this.families.set(name, lines);
  }

  text(): string {
    return `${[...this.families.values()].flat().join("\n")}\n`;
  }
}

/** A report is one item of the registry's table, written every few seconds. */
const mostKeysReported = 20;

/** The sums that the agent reports. */
export function taskCounters(): TaskCounters {
  const counters: TaskCounters = { requestsByStatus: {}, callsByNode: {} };
  const nodeOf = (id: string) => (counters.callsByNode[id] ??= { ok: 0, failed: 0, latencyMsSum: 0 });
  const keys: [id: string, calls: number][] = [];
  const credits: [id: string, calls: number][] = [];
  for (const [name, value] of expandedCounters()) {
    const [kind, first = "", second = "", third = "", fourth = ""] = name.split("|");
    if (kind === "u" && second === "admitted") keys.push([first, value]);
    else if (kind === "s") counters.requestsByStatus[first] = value;
    else if (kind === "x") credits.push([first, value]);
    else if (kind === "t") nodeOf(second).latencyMsSum += value;
    else if (kind === "f") nodeOf(second).failed += value;
    else if (kind === "c" && third !== "" && (fourth === "ok" || fourth === "error"))
      nodeOf(third).ok += value;
  }
  const busiest = keys.sort((a, b) => b[1] - a[1]).slice(0, mostKeysReported);
  if (busiest.length > 0) counters.callsByKey = Object.fromEntries(busiest);
  if (credits.length > 0) counters.creditsByNode = Object.fromEntries(credits);
  return counters;
}
