import type * as pulumi from "@pulumi/pulumi";
import { type CloudWatchQuery, type PanelDefinition, panels, type Subject } from "../observability/panels";

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

/** The panels that CloudWatch has numbers for, three in a row. */
export function dashboardWidgets(subjects: DashboardSubjects): object[] {
  const shown = panels.filter((panel) => panel.cloudWatch !== undefined);
  return shown.map((panel, index) => ({
    type: "metric",
    x: (index % 3) * 8,
    y: Math.floor(index / 3) * 6,
    width: 8,
    height: 6,
    properties: {
      view: "timeSeries",
      region: subjects.region,
      period: 60,
      title: panel.title + unitSuffix[panel.unit],
      stacked: panel.stacked ?? false,
      metrics: panel.cloudWatch!.flatMap((query, position) => metricsOf(query, subjects, position)),
      yAxis: { left: { min: 0 } },
    },
  }));
}

/** CloudWatch writes no units on its axes. */
const unitSuffix: Record<PanelDefinition["unit"], string> = {
  ...{ reqps: "", short: "", percentunit: "" },
  ...{ percent: " (%)", s: " (s)", ms: " (ms)" },
};

/** One entry for each line; a search where nodes and networks come and go. */
function metricsOf(query: CloudWatchQuery, subjects: DashboardSubjects, position: number): unknown[][] {
  const { namespace, metric, dimensions, stat } = query;
  const each = Object.keys(dimensions).filter((name) => dimensions[name] === "each");
  if (each.length > 0) {
    const schema = [namespace, ...Object.keys(dimensions)].join(",");
    const expression = `SEARCH('{${schema}} MetricName="${metric}" Stack="${subjects.stack}"', '${stat}', 60)`;
    return [[{ expression, id: `all${position}`, label: `\${PROP('Dim.${each.at(-1)}')}` }]];
  }
  const names = Object.keys(dimensions);
  const functions = names.some((name) => dimensions[name] === "functionNames")
    ? Object.values(subjects.functionNames)
    : [undefined];
  return functions.map((functionName) => [
    ...[namespace, metric],
    ...names.flatMap((name) => [name, functionName ?? setTo(dimensions[name]!, subjects)]),
    { stat },
  ]);
}

function setTo(subject: Subject, subjects: DashboardSubjects): pulumi.Input<string> {
  if (subject === "each" || subject === "functionNames") throw new Error(`${subject} is not one value`);
  return subjects[subject];
}
