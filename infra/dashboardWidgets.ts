import type * as pulumi from "@pulumi/pulumi";
import {
  type MetricName,
  metricDefinitions,
  metricNamespace,
} from "../functions/domain/metrics/embeddedMetrics";

/** What the dashboard shows. */
export interface DashboardSubjects {
  stack: string;
  region: string;
  stateMachineArn: pulumi.Input<string>;
  functionNames: Record<string, pulumi.Input<string>>;
  loadBalancerArnSuffix: pulumi.Input<string>;
  targetGroupArnSuffix: pulumi.Input<string>;
  clusterName: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
}

interface Panel {
  title: string;
  metrics: unknown[];
  stat: string;
  stacked?: boolean;
}

/**
 * The three plots that everybody asks for on top (requests by status, blocks behind, healthy nodes), the rest below,
 * three in a row.
 */
export function dashboardWidgets(subjects: DashboardSubjects): object[] {
  const panels = [...gatewayPanels(subjects), ...trafficPanels(subjects), ...machineryPanels(subjects)];
  return panels.map((panel, index) => ({
    type: "metric",
    x: (index % 3) * 8,
    y: Math.floor(index / 3) * 6,
    width: 8,
    height: 6,
    properties: {
      view: "timeSeries",
      region: subjects.region,
      period: 60,
      title: panel.title,
      stat: panel.stat,
      stacked: panel.stacked ?? false,
      metrics: panel.metrics,
      yAxis: { left: { min: 0 } },
    },
  }));
}

/** Nodes and networks come and go: a search finds them. */
function each(metric: MetricName, stack: string, stat: string, label: string) {
  const dimensions = metricDefinitions[metric].dimensions[0].join(",");
  const search = `SEARCH('{${metricNamespace},${dimensions}} MetricName="${metric}" Stack="${stack}"', '${stat}', 60)`;
  return [{ expression: search, id: "all", label: `\${PROP('Dim.${label}')}` }];
}

function gatewayPanels({ stack }: DashboardSubjects): Panel[] {
  return [
    {
      title: "Requests by status",
      stat: "Sum",
      stacked: true,
      metrics: [each("RequestsByStatus", stack, "Sum", "Status")],
    },
    {
      title: "Blocks behind the leader, by node",
      stat: "Maximum",
      metrics: [each("NodeLag", stack, "Maximum", "Node")],
    },
    {
      title: "Healthy nodes",
      stat: "Minimum",
      metrics: [each("HealthyNodes", stack, "Minimum", "Network")],
    },
    {
      title: "Probe latency (ms), by node",
      stat: "Average",
      metrics: [each("NodeLatency", stack, "Average", "Node")],
    },
    {
      title: "Release: age (s), tasks on another one, bad",
      stat: "Maximum",
      metrics: [
        [metricNamespace, "ReleaseAge", "Stack", stack],
        [metricNamespace, "TasksNotOnRelease", "Stack", stack, { yAxis: "right" }],
        [metricNamespace, "BadRelease", "Stack", stack, { yAxis: "right" }],
      ],
    },
  ];
}

function trafficPanels(subjects: DashboardSubjects): Panel[] {
  const target = [
    "TargetGroup",
    subjects.targetGroupArnSuffix,
    "LoadBalancer",
    subjects.loadBalancerArnSuffix,
  ];
  const service = ["ServiceName", subjects.serviceName, "ClusterName", subjects.clusterName];
  return [
    {
      title: "Latency at the load balancer (s)",
      stat: "p50",
      metrics: [
        ["AWS/ApplicationELB", "TargetResponseTime", ...target, { stat: "p50" }],
        ["AWS/ApplicationELB", "TargetResponseTime", ...target, { stat: "p99" }],
      ],
    },
    {
      title: "Requests per task and minute",
      stat: "Sum",
      metrics: [
        ["AWS/ApplicationELB", "RequestCountPerTarget", "TargetGroup", subjects.targetGroupArnSuffix],
      ],
    },
    {
      title: "Tasks: healthy, unhealthy, missing",
      stat: "Maximum",
      metrics: [
        ["AWS/ApplicationELB", "HealthyHostCount", ...target],
        ["AWS/ApplicationELB", "UnHealthyHostCount", ...target],
        [metricNamespace, "MissingTasks", "Stack", subjects.stack],
      ],
    },
    {
      title: "CPU and memory of the tasks (%)",
      stat: "Average",
      metrics: [
        ["AWS/ECS", "CPUUtilization", ...service],
        ["AWS/ECS", "MemoryUtilization", ...service],
      ],
    },
  ];
}

function machineryPanels(subjects: DashboardSubjects): Panel[] {
  const machine = ["StateMachineArn", subjects.stateMachineArn];
  const lambdas = Object.values(subjects.functionNames);
  return [
    {
      title: "Health checks",
      stat: "Sum",
      metrics: [
        ["AWS/States", "ExecutionsSucceeded", ...machine],
        ["AWS/States", "ExecutionsFailed", ...machine],
        ["AWS/States", "ExecutionsTimedOut", ...machine],
      ],
    },
    {
      title: "Errors of the functions",
      stat: "Sum",
      metrics: lambdas.map((functionName) => ["AWS/Lambda", "Errors", "FunctionName", functionName]),
    },
    {
      title: "Duration of the functions (ms)",
      stat: "p90",
      metrics: lambdas.map((functionName) => ["AWS/Lambda", "Duration", "FunctionName", functionName]),
    },
  ];
}
