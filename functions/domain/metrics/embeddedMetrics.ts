/**
 * CloudWatch's embedded metric format: a log line that CloudWatch turns into metrics, so no API is called.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

export const metricNamespace = "JsonRpcGateway";

/** Every metric of the control plane, once: alarms, dashboard and docs take names and dimensions from here. */
export const metricDefinitions = {
  HealthyNodes: { unit: "Count", dimensions: [["Stack", "Network"]], doc: "Healthy nodes of a network." },
  NodeLag: {
    unit: "Count",
    dimensions: [
      ["Stack", "Network", "Node"],
      ["Stack", "Network"],
    ],
    doc: "Blocks behind the reference height.",
  },
  NodeLatency: {
    unit: "Milliseconds",
    dimensions: [["Stack", "Network", "Node"]],
    doc: "Time one probe took.",
  },
  RequestsByStatus: {
    unit: "Count",
    dimensions: [["Stack", "Status"]],
    doc: "Clients' requests since the last health check, by HTTP status.",
  },
  ReleaseAge: {
    unit: "Seconds",
    dimensions: [["Stack"]],
    doc: "Time since the current release was published.",
  },
  TasksNotOnRelease: {
    unit: "Count",
    dimensions: [["Stack"]],
    doc: "Tasks that run another release than the current one.",
  },
  BadRelease: { unit: "Count", dimensions: [["Stack"]], doc: "1 while the newest release is marked bad." },
  MissingTasks: {
    unit: "Count",
    dimensions: [["Stack"]],
    doc: "Desired tasks of the service that don't run.",
  },
} as const satisfies Record<
  string,
  { unit: "Count" | "Milliseconds" | "Seconds"; dimensions: string[][]; doc: string }
>;

export type MetricName = keyof typeof metricDefinitions;
type DimensionName = (typeof metricDefinitions)[MetricName]["dimensions"][number][number];

/** One value of one metric. */
export interface Measurement {
  metric: MetricName;
  value: number;
  dimensions: Partial<Record<DimensionName, string>>;
}

/** Most values that one log line may carry under one metric. */
const maxValues = 100;

/** Log lines that carry the measurements: one for each metric and set of dimensions. */
export function embeddedMetricLines(measurements: Measurement[], now: Date): string[] {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const key = JSON.stringify([measurement.metric, sorted(measurement.dimensions)]);
    const group = groups.get(key) ?? [];
    if (group.length < maxValues) group.push(measurement);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => line(group, now));
}

function line(group: Measurement[], now: Date): string {
  const { metric, dimensions } = group[0]!;
  const definition = metricDefinitions[metric];
  const values = group.map((measurement) => measurement.value);
  return JSON.stringify({
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: metricNamespace,
          Dimensions: definition.dimensions,
          Metrics: [{ Name: metric, Unit: definition.unit }],
        },
      ],
    },
    ...dimensions,
    [metric]: values.length === 1 ? values[0] : values,
  });
}

function sorted(dimensions: object): [string, unknown][] {
  return Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
}
