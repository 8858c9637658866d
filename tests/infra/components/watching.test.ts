import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { metricDefinitions } from "../../../functions/domain/metrics/embeddedMetrics";
import { type AlarmSubjects, alarmRules } from "../../../infra/alarmRules";
import { Alarms } from "../../../infra/components/alarms";
import { type DashboardSubjects, dashboardWidgets } from "../../../infra/dashboardWidgets";
import { recordStack } from "../support/recordStack";

const subjects: AlarmSubjects & DashboardSubjects = {
  stack: "test",
  region: "eu-west-1",
  networks: [
    { name: "mainnet", maxLagBlocks: 10 },
    { name: "base", maxLagBlocks: 30 },
  ],
  healthCheckIntervalSeconds: 60,
  minHealthyNodes: 2,
  errorRatePercent: 1,
  stateMachineArn: "arn:machine",
  functionNames: { probe: "probe-1", evaluate: "evaluate-1" },
  loadBalancerArnSuffix: "app/lb/0",
  targetGroupArnSuffix: "targetgroup/tg/0",
  clusterName: "main",
  serviceName: "proxy",
};
const rule = (key: string, given = subjects) => {
  const found = alarmRules(given).find((one) => one.key === key);
  assert.ok(found, key);
  return found;
};

describe("alarms", () => {
  it("cover what can go wrong", () => {
    assert.deepEqual(
      alarmRules(subjects).map(({ key }) => key),
      [
        "healthy-nodes-mainnet",
        "lag-mainnet",
        "healthy-nodes-base",
        "lag-base",
        "error-rate",
        "target-unhealthy",
        "service-short-of-tasks",
        "health-check-silent",
        "workflow-errors",
        "workflow-timeouts",
        "function-errors-probe",
        "function-errors-evaluate",
        "bad-release",
        "release-not-rolled-out",
      ],
    );
  });

  it("watch each network by its own limits", () => {
    assert.equal(rule("healthy-nodes-base").threshold, 2);
    assert.equal(rule("lag-base").threshold, 30);
    assert.deepEqual(rule("lag-base").dimensions, { Stack: "test", Network: "base" });
  });

  it("take silence for a fault only where it is one", () => {
    const breaching = alarmRules(subjects).filter((one) => one.treatMissingData === "breaching");
    assert.deepEqual(
      breaching.map((one) => one.key),
      ["health-check-silent"],
    );
  });

  it("wait two intervals for a health check that comes seldom", () => {
    const slow = rule("health-check-silent", { ...subjects, healthCheckIntervalSeconds: 600 });
    const queries = slow.metricQueries as { metric?: { period: number } }[];
    assert.deepEqual(
      queries.flatMap((query) => query.metric?.period ?? []),
      [1200, 1200],
    );
  });

  it("go to a topic that CloudWatch alone may publish to, and to the address", async () => {
    const stack = await recordStack(() => new Alarms("alarm", { ...subjects, email: "ops@example.org" }));
    const topic = "arn:aws:sns:eu-west-1:123456789012:alarm";
    for (const { inputs } of stack.all("aws:cloudwatch/metricAlarm:MetricAlarm")) {
      assert.deepEqual([inputs.alarmActions, inputs.okActions], [[topic], [topic]]);
    }
    assert.deepEqual(stack.one("aws:sns/topicSubscription:TopicSubscription"), {
      topic,
      protocol: "email",
      endpoint: "ops@example.org",
    });
    const policy = JSON.parse(stack.one("aws:sns/topicPolicy:TopicPolicy").policy as string);
    assert.deepEqual(policy.Statement, [
      {
        Sid: "AlarmsOnly",
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: "sns:Publish",
        Resource: topic,
      },
    ]);
  });

  it("go to a topic that is given, without mail unless asked for", async () => {
    const stack = await recordStack(() => new Alarms("alarm", { ...subjects, topicArn: "arn:given" }));
    assert.deepEqual(stack.all("aws:sns/topic:Topic"), []);
    assert.deepEqual(stack.all("aws:sns/topicSubscription:TopicSubscription"), []);
    const [first] = stack.all("aws:cloudwatch/metricAlarm:MetricAlarm");
    assert.deepEqual(first!.inputs.alarmActions, ["arn:given"]);
  });
});

describe("dashboard", () => {
  const widgets = dashboardWidgets(subjects) as { x: number; y: number; properties: { title: string } }[];

  it("starts with requests by status, blocks behind, healthy nodes", () => {
    assert.deepEqual(
      widgets.slice(0, 3).map((widget) => [widget.y, widget.properties.title]),
      [
        [0, "Requests by status"],
        [0, "Blocks behind the leader, by node"],
        [0, "Healthy nodes"],
      ],
    );
  });

  it("shows every metric that the control plane writes", () => {
    const text = JSON.stringify(widgets);
    for (const metric of Object.keys(metricDefinitions)) assert.ok(text.includes(metric), metric);
  });

  it("has no two widgets in one place", () => {
    const places = widgets.map(({ x, y }) => `${x} ${y}`);
    assert.equal(new Set(places).size, places.length);
  });
});
