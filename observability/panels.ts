/** The panels of the Grafana dashboards, once for each data source. `writeDashboards.ts` makes files of them. */
export interface PrometheusPanel {
  title: string;
  unit: string;
  /** PromQL and what a line is called. */
  queries: [expression: string, legend: string][];
  stacked?: boolean;
}

export const prometheusPanels: PrometheusPanel[] = [
  {
    title: "Requests per second, by status",
    unit: "reqps",
    queries: [["sum by (status) (rate(gateway_http_responses_total[1m]))", "{{status}}"]],
    stacked: true,
  },
  {
    title: "Blocks behind the leader, by node",
    unit: "short",
    queries: [["gateway_node_lag_blocks", "{{network}} {{node}}"]],
  },
  {
    title: "Healthy nodes",
    unit: "short",
    queries: [["gateway_network_healthy_nodes", "{{network}}"]],
  },
  {
    title: "Calls per second, by method",
    unit: "reqps",
    queries: [
      ["topk(12, sum by (network, method) (rate(gateway_calls_total[1m])))", "{{network}} {{method}}"],
    ],
    stacked: true,
  },
  {
    title: "Calls that failed (share)",
    unit: "percentunit",
    queries: [
      [
        'sum by (network) (rate(gateway_calls_total{outcome!="ok"}[5m])) / sum by (network) (rate(gateway_calls_total[5m]))',
        "{{network}}",
      ],
    ],
  },
  {
    title: "Calls, by node",
    unit: "reqps",
    queries: [['sum by (network, node) (rate(gateway_calls_total{node!=""}[1m]))', "{{network}} {{node}}"]],
    stacked: true,
  },
  {
    title: "Answer time of nodes, p50 and p99",
    unit: "s",
    queries: [
      [
        "histogram_quantile(0.5, sum by (le, network) (rate(gateway_node_answer_seconds_bucket[5m])))",
        "p50 {{network}}",
      ],
      [
        "histogram_quantile(0.99, sum by (le, network) (rate(gateway_node_answer_seconds_bucket[5m])))",
        "p99 {{network}}",
      ],
    ],
  },
  {
    title: "Failures of nodes, by kind",
    unit: "reqps",
    queries: [
      ["sum by (node, failure) (rate(gateway_node_failures_total[5m]))", "{{node}} {{failure}}"],
      ["sum by (node) (rate(gateway_node_ejections_total[5m]))", "{{node}} ejected"],
    ],
  },
  {
    title: "Nodes in rotation",
    unit: "short",
    queries: [["sum by (network) (gateway_node_in_rotation)", "{{network}}"]],
  },
  {
    title: "WebSockets and subscriptions",
    unit: "short",
    queries: [
      ["gateway_sockets", "sockets"],
      ["sum by (network, type) (gateway_subscriptions)", "{{network}} {{type}}"],
    ],
  },
  {
    title: "Release: in force, tasks on another one, bad",
    unit: "short",
    queries: [
      ["gateway_release_version", "version"],
      ["gateway_tasks_not_on_release", "tasks on another one"],
      ["gateway_release_bad", "bad"],
    ],
  },
  {
    title: "Time since the last health check",
    unit: "s",
    queries: [["time() - gateway_health_check_timestamp_seconds", "age"]],
  },
];
