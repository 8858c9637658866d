import type { Status } from "./status";

type Labels = Record<string, string>;
interface Family {
  help: string;
  samples: [Labels, number][];
}

/** `GET /metrics`: what the control plane knows, as Prometheus text. Labels are names and ids of ours, never a node's words. */
export function statusMetrics(status: Status): string {
  const families: Record<string, Family> = {
    ...nodeFamilies(status),
    ...networkFamilies(status),
    ...releaseFamilies(status),
  };
  const lines = Object.entries(families).flatMap(([name, { help, samples }]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}`),
  ]);
  return `${lines.join("\n")}\n`;
}

function nodeFamilies({ nodes }: Status): Record<string, Family> {
  const of = (help: string, read: (node: Status["nodes"][number]) => number | null): Family => ({
    help,
    samples: nodes.flatMap((node) => {
      const value = read(node);
      return value === null ? [] : [[{ network: node.network, node: node.id }, value] as [Labels, number]];
    }),
  });
  return {
    gateway_node_healthy: of("1 while the health check calls the node healthy.", (node) =>
      Number(node.is_healthy),
    ),
    gateway_node_in_pool: of("1 while the node may get calls.", (node) => Number(node.in_pool)),
    gateway_node_lag_blocks: of("Blocks behind the reference height.", (node) =>
      node.lag === null ? null : Math.max(0, node.lag),
    ),
    gateway_node_height_blocks: of("Height of the node.", (node) => node.block_number),
    gateway_node_credits_used: of(
      "Credits of this month that the node has taken.",
      (node) => node.credits_used,
    ),
    gateway_node_credits_limit: of("Credits of its plan a month.", (node) => node.monthly_credits),
    gateway_node_probe_seconds: of("Time the last probe took.", (node) =>
      node.latency_ms === null ? null : node.latency_ms / 1000,
    ),
  };
}

function networkFamilies({ networks }: Status): Record<string, Family> {
  const of = (help: string, read: (network: Status["networks"][number]) => number | null): Family => ({
    help,
    samples: networks.flatMap((network) => {
      const value = read(network);
      return value === null ? [] : [[{ network: network.name }, value] as [Labels, number]];
    }),
  });
  return {
    gateway_network_nodes: of("Registered nodes.", (network) => network.nodes),
    gateway_network_healthy_nodes: of("Healthy nodes.", (network) => network.healthy_nodes),
    gateway_network_height_blocks: of("Reference height.", (network) => network.reference_height),
  };
}

function releaseFamilies({
  release,
  releases,
  tasks,
  last_health_check: checked,
}: Status): Record<string, Family> {
  const one = (help: string, value: number | undefined): Family => ({
    help,
    samples: value === undefined ? [] : [[{}, value]],
  });
  const elsewhere = tasks.filter((task) => !task.draining && !task.is_current).length;
  return {
    gateway_release_version: one("Release in force.", release?.version),
    gateway_release_published_timestamp_seconds: one(
      "When it was published.",
      release ? Date.parse(release.published_at) / 1000 : undefined,
    ),
    gateway_release_bad: one("1 while the newest release is bad.", Number(releases[0]?.status === "bad")),
    gateway_tasks: one("Tasks that report.", tasks.length),
    gateway_tasks_not_on_release: one("Tasks that run another release than the one in force.", elsewhere),
    gateway_health_check_timestamp_seconds: one(
      "Start of the last health check.",
      checked === null ? undefined : Date.parse(checked) / 1000,
    ),
  };
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[^\w.-]/g, "_")}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
