import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type MetricName, metricNamespace } from "../functions/domain/metrics/embeddedMetrics";

/** What alarms look at. */
export interface AlarmSubjects {
  stack: string;
  networks: { name: string; maxLagBlocks: number }[];
  healthCheckIntervalSeconds: number;
  minHealthyNodes: number;
  errorRatePercent: number;
  stateMachineArn: pulumi.Input<string>;
  /** By what each is for: `probe`, `render`, …; `evaluate` is always among them. */
  functionNames: Record<string, pulumi.Input<string>>;
  loadBalancerArnSuffix: pulumi.Input<string>;
  targetGroupArnSuffix: pulumi.Input<string>;
}

/** An alarm and its key: the end of its resource name, and its heading in the runbook. */
export type AlarmRule = { key: string } & aws.cloudwatch.MetricAlarmArgs;

/** Every alarm of a stack. */
export function alarmRules(subjects: AlarmSubjects): AlarmRule[] {
  return [
    ...subjects.networks.flatMap((network) => networkRules(subjects, network)),
    ...trafficRules(subjects),
    ...controlPlaneRules(subjects),
    ...releaseRules(subjects),
  ];
}

const fiveMinutes = 300;

function own(metricName: MetricName, dimensions: Record<string, string>) {
  return { namespace: metricNamespace, metricName, dimensions };
}

function networkRules(subjects: AlarmSubjects, network: AlarmSubjects["networks"][number]): AlarmRule[] {
  const dimensions = { Stack: subjects.stack, Network: network.name };
  const period = Math.max(60, subjects.healthCheckIntervalSeconds);
  return [
    {
      key: `healthy-nodes-${network.name}`,
      alarmDescription: `Fewer than ${subjects.minHealthyNodes} healthy nodes in ${network.name}.`,
      ...own("HealthyNodes", dimensions),
      statistic: "Minimum",
      period,
      evaluationPeriods: 2,
      comparisonOperator: "LessThanThreshold",
      threshold: subjects.minHealthyNodes,
      // Silence is the alarm on the health check itself.
      treatMissingData: "notBreaching",
    },
    {
      key: `lag-${network.name}`,
      alarmDescription: `A node of ${network.name} has been more than ${network.maxLagBlocks} blocks behind for five checks.`,
      ...own("NodeLag", dimensions),
      statistic: "Maximum",
      period,
      evaluationPeriods: 5,
      comparisonOperator: "GreaterThanThreshold",
      threshold: network.maxLagBlocks,
      treatMissingData: "notBreaching",
    },
  ];
}

function trafficRules(subjects: AlarmSubjects): AlarmRule[] {
  const loadBalancer = { LoadBalancer: subjects.loadBalancerArnSuffix };
  const both = { ...loadBalancer, TargetGroup: subjects.targetGroupArnSuffix };
  const sum = (id: string, metricName: string) => ({
    id,
    metric: {
      namespace: "AWS/ApplicationELB",
      metricName,
      // On a listener that others share, only the target group's figures are ours.
      dimensions: both,
      stat: "Sum",
      period: 60,
    },
  });
  return [
    {
      key: "error-rate",
      alarmDescription: `More than ${subjects.errorRatePercent} % of the answers have status 5xx.`,
      metricQueries: [
        {
          id: "rate",
          expression: "IF(requests > 0, 100 * FILL(errors, 0) / requests, 0)",
          label: "5xx %",
          returnData: true,
        },
        sum("errors", "HTTPCode_Target_5XX_Count"),
        sum("requests", "RequestCount"),
      ],
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      comparisonOperator: "GreaterThanThreshold",
      threshold: subjects.errorRatePercent,
      treatMissingData: "notBreaching",
    },
    {
      key: "target-unhealthy",
      alarmDescription: "A task has failed the load balancer's health check for three minutes.",
      namespace: "AWS/ApplicationELB",
      metricName: "UnHealthyHostCount",
      dimensions: both,
      statistic: "Maximum",
      period: 60,
      evaluationPeriods: 3,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
    },
    {
      key: "service-short-of-tasks",
      alarmDescription: "Fewer tasks run than the service should have, for five checks.",
      ...own("MissingTasks", { Stack: subjects.stack }),
      statistic: "Minimum",
      period: Math.max(60, subjects.healthCheckIntervalSeconds),
      evaluationPeriods: 5,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
    },
  ];
}

function controlPlaneRules(subjects: AlarmSubjects): AlarmRule[] {
  const dimensions = { StateMachineArn: subjects.stateMachineArn };
  const machine = (metricName: string) => ({
    namespace: "AWS/States",
    metricName,
    dimensions,
    statistic: "Sum",
  });
  const judging = Math.max(fiveMinutes, 2 * subjects.healthCheckIntervalSeconds);
  return [
    {
      key: "health-check-silent",
      alarmDescription:
        "No health check has judged the nodes for five minutes (or two intervals, if longer).",
      metricQueries: [
        {
          id: "done",
          expression: "FILL(runs, 0) - FILL(errors, 0)",
          label: "health checks",
          returnData: true,
        },
        lambda("runs", "Invocations", subjects, judging),
        lambda("errors", "Errors", subjects, judging),
      ],
      evaluationPeriods: 1,
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      treatMissingData: "breaching",
    },
    {
      key: "workflow-errors",
      alarmDescription: "Health checks fail.",
      ...machine("ExecutionsFailed"),
      period: fiveMinutes,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
    },
    {
      key: "workflow-timeouts",
      alarmDescription: "Health checks take too long.",
      ...machine("ExecutionsTimedOut"),
      period: fiveMinutes,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
    },
    ...Object.entries(subjects.functionNames).map(
      ([use, functionName]): AlarmRule => ({
        key: `function-errors-${use}`,
        alarmDescription: `The ${use} function fails.`,
        namespace: "AWS/Lambda",
        metricName: "Errors",
        dimensions: { FunctionName: functionName },
        statistic: "Sum",
        period: fiveMinutes,
        evaluationPeriods: 1,
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        treatMissingData: "notBreaching",
      }),
    ),
  ];
}

/** Of the function that ends a run's judgement: the workflow itself succeeds whatever its functions do. */
function lambda(id: string, metricName: string, subjects: AlarmSubjects, period: number) {
  const dimensions = { FunctionName: subjects.functionNames.evaluate! };
  return { id, metric: { namespace: "AWS/Lambda", metricName, dimensions, stat: "Sum", period } };
}

function releaseRules(subjects: AlarmSubjects): AlarmRule[] {
  const dimensions = { Stack: subjects.stack };
  const period = Math.max(60, subjects.healthCheckIntervalSeconds);
  return [
    {
      key: "bad-release",
      alarmDescription: "A release was refused by nginx: the one before it is in force.",
      ...own("BadRelease", dimensions),
      statistic: "Maximum",
      period,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
    },
    {
      key: "release-not-rolled-out",
      alarmDescription: "Tasks have run another release than the current one for five checks.",
      ...own("TasksNotOnRelease", dimensions),
      statistic: "Minimum",
      period,
      evaluationPeriods: 5,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
    },
  ];
}
