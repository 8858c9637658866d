import { panels as definitions, type Subject } from "./panels";

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
      ...awsSubjects.map((name) => ({ name, label: name, type: "textbox", query: "*" })),
    ]),
  };
}

function prometheus(): Panel[] {
  const datasource = { type: "prometheus", uid: "prometheus" };
  return definitions.flatMap(({ title, unit, prometheus: queries, stacked }) => {
    if (!queries) return [];
    const targets = queries.map(([expr, legendFormat], index) => ({
      ...{ datasource, expr, legendFormat },
      refId: refId(index),
    }));
    return [{ title, unit, stacked, datasource, targets }];
  });
}

/** Names that AWS gave what it made: the operator fills them in, or looks at all there are. */
const awsSubjects = [
  "loadBalancerArnSuffix",
  "targetGroupArnSuffix",
  "clusterName",
  "serviceName",
  "stateMachineArn",
] as const satisfies Subject[];

function cloudWatch(): Panel[] {
  const datasource = { type: "cloudwatch", uid: "cloudwatch" };
  const setTo = (subject: Subject) =>
    subject === "each" || subject === "functionNames" ? "*" : `$${subject}`;
  return definitions.flatMap(({ title, unit, stacked, cloudWatch: queries }) => {
    if (!queries) return [];
    const targets = queries.map(({ namespace, metric, dimensions, stat }, index) => {
      const several = Object.keys(dimensions).filter((name) => setTo(dimensions[name]!) === "*");
      const what = queries.length > 1 ? [`${metric} ${stat}`] : [];
      return {
        ...{ datasource, refId: refId(index), queryMode: "Metrics", metricEditorMode: 0, metricQueryType: 0 },
        ...{ namespace, metricName: metric, statistic: stat, period: "60" },
        dimensions: Object.fromEntries(
          Object.entries(dimensions).map(([name, subject]) => [name, setTo(subject)]),
        ),
        matchExact: true,
        region: "$region",
        label: [...what, ...several.map((name) => `\${PROP('Dim.${name}')}`)].join(" ") || metric,
      };
    });
    // What CloudWatch has is a sum for each minute.
    return [{ title, unit: unit === "reqps" ? "short" : unit, stacked, datasource, targets }];
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
