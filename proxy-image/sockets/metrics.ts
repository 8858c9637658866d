type Labels = Record<string, string>;

interface Family {
  help: string;
  type: "counter" | "gauge";
  values: Map<string, number>;
}

const definitions = {
  gateway_sockets: ["gauge", "Open client sockets."],
  gateway_socket_bytes_queued: ["gauge", "Bytes that wait for slow readers."],
  gateway_subscriptions: ["gauge", "Subscriptions of clients, by network and type."],
  gateway_upstream_sockets: ["gauge", "Sockets to nodes, by network."],
  gateway_sockets_opened_total: ["counter", "Client sockets opened."],
  gateway_sockets_closed_total: [
    "counter",
    "Client sockets closed, by the reason of the gateway or `client`.",
  ],
  gateway_sockets_refused_total: ["counter", "Client sockets refused, by reason."],
  gateway_socket_calls_total: ["counter", "Frames passed on as calls, by outcome."],
  gateway_notifications_total: ["counter", "Notifications sent, by network and type."],
  gateway_heads_total: ["counter", "Blocks added to the chain that subscribers see, by network."],
  gateway_reorganised_blocks_total: ["counter", "Blocks that left that chain, by network."],
  gateway_gap_blocks_filled_total: ["counter", "Missing blocks fetched before going on, by network."],
  gateway_source_switches_total: ["counter", "Moves to another source of heads, by network and reason."],
  gateway_continuity_lost_total: ["counter", "Times subscribers had to be told to start over, by network."],
  gateway_log_retries_total: ["counter", "Repeated questions for the logs of a block, by network."],
} as const satisfies Record<string, readonly ["counter" | "gauge", string]>;

export type MetricName = keyof typeof definitions;

/** Numbers for Prometheus. Labels come from the configuration or from fixed lists, never from clients or nodes. */
export class Metrics {
  readonly #families = new Map<MetricName, Family>();

  constructor() {
    for (const [name, [type, help]] of Object.entries(definitions)) {
      this.#families.set(name as MetricName, { help, type, values: new Map() });
    }
  }

  add(name: MetricName, labels: Labels = {}, amount = 1): void {
    const { values } = this.#families.get(name)!;
    const key = keyOf(labels);
    values.set(key, (values.get(key) ?? 0) + amount);
  }

  set(name: MetricName, labels: Labels, value: number): void {
    this.#families.get(name)!.values.set(keyOf(labels), value);
  }

  get(name: MetricName, labels: Labels = {}): number {
    return this.#families.get(name)!.values.get(keyOf(labels)) ?? 0;
  }

  /** Prometheus text, version 0.0.4. */
  text(): string {
    const lines: string[] = [];
    for (const [name, { help, type, values }] of this.#families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [key, value] of values) lines.push(`${name}${key} ${value}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

function keyOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([label, value]) =>
      `${label}="${value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`))}"`,
  );
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
