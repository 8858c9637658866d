import {
  type MetricName,
  metricDefinitions,
  metricNamespace,
} from "../functions/domain/metrics/embeddedMetrics";

/** What a dimension of CloudWatch is set to: something of the stack, or `each` for one line per value that there is. */
export type Subject =
  | "stack"
  | "loadBalancerArnSuffix"
  | "targetGroupArnSuffix"
  | "clusterName"
  | "serviceName"
  | "stateMachineArn"
  | "functionNames"
  | "each";

export interface CloudWatchQuery {
  namespace: string;
  metric: string;
  dimensions: Record<string, Subject>;
  stat: string;
}

/**
 * A panel of every dashboard that has its numbers: Grafana's on Prometheus, Grafana's on CloudWatch (`dashboards.ts`), and CloudWatch's
 * own (`infra/dashboardWidgets.ts`).
 */
export interface PanelDefinition {
  title: string;
  unit: "reqps" | "short" | "percentunit" | "percent" | "s" | "ms";
  stacked?: boolean;
  /** PromQL and what a line is called. */
  prometheus?: [expression: string, legend: string][];
  cloudWatch?: CloudWatchQuery[];
}

/** A metric that the health check writes, one line for each network, node or status that it knows. */
function own(metric: MetricName, stat: string): CloudWatchQuery {
  const [names] = metricDefinitions[metric].dimensions;
  const dimensions = Object.fromEntries(
    names.map((name): [string, Subject] => [name, name === "Stack" ? "stack" : "each"]),
  );
  return { namespace: metricNamespace, metric, dimensions, stat };
}

const aws =
  (namespace: string, dimensions: Record<string, Subject>) =>
  (metric: string, stat: string): CloudWatchQuery => ({ namespace, metric, dimensions, stat });
const target = aws("AWS/ApplicationELB", {
  TargetGroup: "targetGroupArnSuffix",
  LoadBalancer: "loadBalancerArnSuffix",
});
const perTarget = aws("AWS/ApplicationELB", { TargetGroup: "targetGroupArnSuffix" });
const service = aws("AWS/ECS", { ServiceName: "serviceName", ClusterName: "clusterName" });
const workflow = aws("AWS/States", { StateMachineArn: "stateMachineArn" });
const lambda = aws("AWS/Lambda", { FunctionName: "functionNames" });

const gatewayPanels: PanelDefinition[] = [
  {
    title: "Requests by status",
    unit: "reqps",
    stacked: true,
    prometheus: [["sum by (status) (rate(gateway_http_responses_total[1m]))", "{{status}}"]],
    cloudWatch: [own("RequestsByStatus", "Sum")],
  },
  {
    title: "Blocks behind the leader, by node",
    unit: "short",
    prometheus: [["gateway_node_lag_blocks", "{{network}} {{node}}"]],
    cloudWatch: [own("NodeLag", "Maximum")],
  },
  {
    title: "Healthy nodes",
    unit: "short",
    prometheus: [["gateway_network_healthy_nodes", "{{network}}"]],
    cloudWatch: [own("HealthyNodes", "Minimum")],
  },
];

const callPanels: PanelDefinition[] = [
  {
    title: "Calls by method",
    unit: "reqps",
    stacked: true,
    prometheus: [
      ["topk(12, sum by (network, method) (rate(gateway_calls_total[1m])))", "{{network}} {{method}}"],
    ],
  },
  {
    title: "Calls that failed (share)",
    unit: "percentunit",
    prometheus: [
      [
        'sum by (network) (rate(gateway_calls_total{outcome!="ok"}[5m])) / sum by (network) (rate(gateway_calls_total[5m]))',
        "{{network}}",
      ],
    ],
  },
  {
    title: "Calls by node",
    unit: "reqps",
    stacked: true,
    prometheus: [
      ['sum by (network, node) (rate(gateway_calls_total{node!=""}[1m]))', "{{network}} {{node}}"],
    ],
  },
  {
    title: "Calls by what the cache did",
    unit: "reqps",
    stacked: true,
    prometheus: [["sum by (cache) (rate(gateway_calls_total[1m]))", "{{cache}}"]],
  },
  {
    title: "Answer time of nodes, p50 and p99",
    unit: "s",
    prometheus: ["0.5", "0.99"].map((quantile) => [
      `histogram_quantile(${quantile}, sum by (le, network) (rate(gateway_node_answer_seconds_bucket[5m])))`,
      `p${Number(quantile) * 100} {{network}}`,
    ]),
  },
  {
    title: "Failures of nodes, by kind",
    unit: "reqps",
    prometheus: [
      ["sum by (node, failure) (rate(gateway_node_failures_total[5m]))", "{{node}} {{failure}}"],
      ["sum by (node) (rate(gateway_node_ejections_total[5m]))", "{{node}} ejected"],
    ],
  },
  {
    title: "Nodes in rotation",
    unit: "short",
    prometheus: [["sum by (network) (gateway_node_in_rotation)", "{{network}}"]],
  },
  {
    title: "Credits of the month used, by node (share)",
    unit: "percentunit",
    prometheus: [["gateway_node_credits_used / gateway_node_credits_limit", "{{network}} {{node}}"]],
  },
  {
    title: "Calls by key",
    unit: "reqps",
    stacked: true,
    prometheus: [["topk(12, sum by (name) (rate(gateway_key_calls_total[1m])))", "{{name}}"]],
  },
  {
    title: "Turned away, by reason",
    unit: "reqps",
    prometheus: [["sum by (reason) (rate(gateway_turned_away_total[1m]))", "{{reason}}"]],
  },
  {
    title: "WebSockets and subscriptions",
    unit: "short",
    prometheus: [
      ["gateway_sockets", "sockets"],
      ["sum by (network, type) (gateway_subscriptions)", "{{network}} {{type}}"],
    ],
  },
];

const controlPanels: PanelDefinition[] = [
  {
    title: "Probe latency, by node",
    unit: "ms",
    prometheus: [["gateway_node_probe_seconds * 1000", "{{network}} {{node}}"]],
    cloudWatch: [own("NodeLatency", "Average")],
  },
  {
    title: "Release: tasks on another one, bad",
    unit: "short",
    prometheus: [
      ["gateway_tasks_not_on_release", "tasks on another one"],
      ["gateway_release_bad", "bad"],
    ],
    cloudWatch: [own("TasksNotOnRelease", "Maximum"), own("BadRelease", "Maximum")],
  },
  {
    title: "Release in force",
    unit: "short",
    prometheus: [["gateway_release_version", "version"]],
  },
  {
    title: "Age of the release",
    unit: "s",
    prometheus: [["time() - gateway_release_published_timestamp_seconds", "age"]],
    cloudWatch: [own("ReleaseAge", "Maximum")],
  },
  {
    title: "Time since the last health check",
    unit: "s",
    prometheus: [["time() - gateway_health_check_timestamp_seconds", "age"]],
  },
];

const awsPanels: PanelDefinition[] = [
  {
    title: "Latency at the load balancer, p50 and p99",
    unit: "s",
    cloudWatch: [target("TargetResponseTime", "p50"), target("TargetResponseTime", "p99")],
  },
  {
    title: "Requests per task and minute",
    unit: "short",
    cloudWatch: [perTarget("RequestCountPerTarget", "Sum")],
  },
  {
    title: "Tasks: healthy, unhealthy, missing",
    unit: "short",
    cloudWatch: [
      target("HealthyHostCount", "Maximum"),
      target("UnHealthyHostCount", "Maximum"),
      own("MissingTasks", "Maximum"),
    ],
  },
  {
    title: "CPU and memory of the tasks",
    unit: "percent",
    cloudWatch: [service("CPUUtilization", "Average"), service("MemoryUtilization", "Average")],
  },
  {
    title: "Health checks",
    unit: "short",
    cloudWatch: ["ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut"].map((metric) =>
      workflow(metric, "Sum"),
    ),
  },
  { title: "Errors of the functions", unit: "short", cloudWatch: [lambda("Errors", "Sum")] },
  { title: "Duration of the functions, p90", unit: "ms", cloudWatch: [lambda("Duration", "p90")] },
];

/** The three plots that everybody asks for first, the rest below. */
export const panels: PanelDefinition[] = [...gatewayPanels, ...callPanels, ...controlPanels, ...awsPanels];
