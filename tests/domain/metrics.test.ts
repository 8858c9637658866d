import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { embeddedMetricLines, type Measurement } from "../../functions/domain/metrics/embeddedMetrics";
import { measureRequests, measureStanding, type Standing } from "../../functions/domain/metrics/measure";
import type { TaskHeartbeat } from "../../functions/domain/task";
import type { NodeState } from "../../functions/domain/verdict";

const now = new Date("2025-06-01T12:00:00Z");
const state = (more: Partial<NodeState>): NodeState => ({
  nodeId: "n1",
  network: "mainnet",
  healthy: true,
  reason: "ok",
  badStreak: 0,
  goodStreak: 1,
  everHealthy: true,
  inPool: true,
  since: now.toISOString(),
  checkedAt: now.toISOString(),
  ...more,
});
const task = (more: Partial<TaskHeartbeat>): TaskHeartbeat => ({
  taskId: "t1",
  releaseVersion: 3,
  startedAt: now.toISOString(),
  reportedAt: now.toISOString(),
  draining: false,
  counters: { requestsByStatus: {}, callsByNode: {} },
  ...more,
});
const standing = (more: Partial<Standing>): Standing => ({
  stack: "dev",
  networks: [{ name: "mainnet", chainId: 1 }],
  states: [],
  tasks: [],
  releases: [],
  ...more,
});
const values = (measurements: Measurement[], metric: string) =>
  measurements.filter((one) => one.metric === metric).map((one) => one.value);

describe("metrics", () => {
  it("count the healthy nodes of each network, also when there are none", () => {
    const networks = [
      { name: "mainnet", chainId: 1 },
      { name: "base", chainId: 8453 },
    ];
    const states = [state({}), state({ nodeId: "n2", healthy: false })];
    assert.deepEqual(values(measureStanding(standing({ networks, states }), now), "HealthyNodes"), [1, 0]);
  });

  it("say how far behind a node is, and nothing of one whose height is unknown", () => {
    const states = [state({ lag: 4 }), state({ nodeId: "n2", lag: -2 }), state({ nodeId: "n3" })];
    assert.deepEqual(values(measureStanding(standing({ states }), now), "NodeLag"), [4, 0]);
  });

  it("count tasks on another release, those that are leaving left out", () => {
    const current = {
      version: 3,
      sha256: "0",
      publishedAt: "2025-06-01T11:59:00Z",
      status: "good" as const,
    };
    const tasks = [
      task({}),
      task({ taskId: "t2", releaseVersion: 2 }),
      task({ taskId: "t3", releaseVersion: 2, draining: true }),
    ];
    const measurements = measureStanding(standing({ tasks, current, releases: [current] }), now);
    assert.deepEqual(values(measurements, "TasksNotOnRelease"), [1]);
    assert.deepEqual(values(measurements, "ReleaseAge"), [60]);
    assert.deepEqual(values(measurements, "BadRelease"), [0]);
  });

  it("count requests since the last run, of new tasks all, of one that began anew what it has", () => {
    const before = { old: { "200": 100 }, restarted: { "200": 50, "502": 7 }, gone: { "200": 1 } };
    const after = { old: { "200": 130 }, restarted: { "200": 5 }, fresh: { "200": 9, "429": 1 } };
    const found = measureRequests("dev", before, after).map((one) => [one.dimensions.Status, one.value]);
    assert.deepEqual(found, [
      ["200", 44],
      ["429", 1],
    ]);
  });

  it("never count fewer than no requests", () => {
    const counters = fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.nat()));
    fc.assert(
      fc.property(counters, counters, (before, after) =>
        measureRequests("dev", before, after).every((one) => one.value >= 0),
      ),
    );
  });

  it("are lines of CloudWatch's embedded metric format", () => {
    const dimensions = { Stack: "dev", Network: "mainnet", Node: "n1" };
    const [line, ...others] = embeddedMetricLines([{ metric: "NodeLag", value: 3, dimensions }], now);
    assert.deepEqual(others, []);
    assert.deepEqual(JSON.parse(line!), {
      _aws: {
        Timestamp: now.getTime(),
        CloudWatchMetrics: [
          {
            Namespace: "JsonRpcGateway",
            Dimensions: [
              ["Stack", "Network", "Node"],
              ["Stack", "Network"],
            ],
            Metrics: [{ Name: "NodeLag", Unit: "Count" }],
          },
        ],
      },
      ...dimensions,
      NodeLag: 3,
    });
  });
});
