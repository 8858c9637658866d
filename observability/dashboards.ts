import {
  type MetricName,
  metricDefinitions,
  metricNamespace,
} from "../functions/domain/metrics/embeddedMetrics";
import { prometheusPanels } from "./panels";

interface Panel {
  title: string;
  unit: string;
  stacked?: boolean;
  datasource: object;
  targets: object[];
}

/** Dashboards by file name. */
export function dashboards(): Record<string, string> {
  return {
    "prometheus.json": dashboard("jsonrpc-gateway", "gateway-prometheus", prometheus(), []),
    "cloudwatch.json": dashboard("jsonrpc-gateway on AWS", "gateway-cloudwatch", cloudWatch(), [
      { name: "stack", label: "Stack", type: "textbox", query: "production" },
      { name: "region", label: "Region", type: "textbox", query: "default" },
    ]),
  };
}

function prometheus(): Panel[] {
  const datasource = { type: "prometheus", uid: "prometheus" };
  return prometheusPanels.map(({ title, unit, queries, stacked }) => ({
    ...{ title, unit, stacked, datasource },
    targets: queries.map(([expr, legendFormat], index) => ({
      ...{ datasource, expr, legendFormat },
      refId: refId(index),
    })),
  }));
}

const statistics: Record<MetricName, string> = {
  RequestsByStatus: "Sum",
  NodeLag: "Maximum",
  HealthyNodes: "Minimum",
  NodeLatency: "Average",
  ReleaseAge: "Maximum",
  TasksNotOnRelease: "Maximum",
  BadRelease: "Maximum",
  MissingTasks: "Maximum",
};

/** Every metric that the health check writes, from its one definition. */
function cloudWatch(): Panel[] {
  const datasource = { type: "cloudwatch", uid: "cloudwatch" };
  return (Object.keys(statistics) as MetricName[]).map((metric) => {
    const { unit, doc, dimensions } = metricDefinitions[metric];
    const names = dimensions[0].filter((name) => name !== "Stack");
    return {
      title: doc.replace(/\.$/, ""),
      unit: { Count: "short", Milliseconds: "ms", Seconds: "s" }[unit],
      datasource,
      targets: [
        {
          ...{ datasource, refId: "A", queryMode: "Metrics", metricEditorMode: 0, metricQueryType: 0 },
          ...{ namespace: metricNamespace, metricName: metric, statistic: statistics[metric], period: "60" },
          dimensions: { Stack: "$stack", ...Object.fromEntries(names.map((name) => [name, "*"])) },
          matchExact: true,
          region: "$region",
          label: names.map((name) => `\${PROP('Dim.${name}')}`).join(" ") || metric,
        },
      ],
    };
  });
}

function dashboard(title: string, uid: string, panels: Panel[], variables: object[]): string {
  const text = {
    ...{
      title,
      uid,
      schemaVersion: 39,
      editable: true,
      refresh: "10s",
      timezone: "browser",
      tags: ["jsonrpc-gateway"],
    },
    time: { from: "now-1h", to: "now" },
    templating: { list: variables },
    panels: panels.map(({ title, unit, stacked, datasource, targets }, index) => ({
      ...{ id: index + 1, type: "timeseries", title, datasource, targets },
      gridPos: { x: (index % 3) * 8, y: Math.floor(index / 3) * 8, w: 8, h: 8 },
      fieldConfig: {
        defaults: {
          ...{ unit, min: 0 },
          custom: { fillOpacity: stacked ? 30 : 0, stacking: { mode: stacked ? "normal" : "none" } },
        },
        overrides: [],
      },
      options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    })),
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

const refId = (index: number) => String.fromCharCode("A".charCodeAt(0) + index);
