import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import type { TaskHeartbeat } from "../../functions/domain/task";
import { Heartbeat } from "../../proxy-image/agent/report/heartbeat";
import { until } from "../support/poll";

describe("a task's last report", () => {
  let folder: string;
  let nginx: Server;
  let counters: object;
  let reports: TaskHeartbeat[];
  let deleted: string[];
  let heartbeat: Heartbeat;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "heartbeat-"));
    const controlSocket = join(folder, "control.sock");
    nginx = createServer((_request, response) => response.end(JSON.stringify(counters)));
    await once(nginx.listen(controlSocket), "listening");
    reports = [];
    deleted = [];
    heartbeat = new Heartbeat({
      registry: {
        putTask: async (report) => void reports.push(report),
        deleteTask: async (taskId) => void deleted.push(taskId),
      },
      taskId: "task",
      intervalMs: 60_000,
      controlSocket,
      master: () => 1,
      describe: () => ({ releaseVersion: 3, draining: false }),
      logger: pino({ level: "silent" }),
    });
  });
  afterEach(async () => {
    nginx.close();
    await rm(folder, { recursive: true, force: true });
  });

  const begin = async () => {
    heartbeat.start();
    await until(() => reports.length === 1, { what: "the first report" });
  };

  it("holds all calls that count against a node's plan, and says that it has left", async () => {
    counters = { requestsByStatus: {}, callsByNode: {}, creditsByNode: { n1: 5 } };
    await begin();
    counters = { requestsByStatus: {}, callsByNode: {}, creditsByNode: { n1: 7 } };
    await heartbeat.count();
    nginx.close();
    await heartbeat.stop();
    assert.deepEqual(deleted, []);
    assert.equal(reports.length, 2);
    assert.equal(reports[1]!.left, true);
    assert.deepEqual(reports[1]!.counters.creditsByNode, { n1: 7 });
    assert.equal(reports[1]!.startedAt, reports[0]!.startedAt);
  });

  it("is not left when no node's plan is limited", async () => {
    counters = { requestsByStatus: {}, callsByNode: {} };
    await begin();
    await heartbeat.stop();
    assert.deepEqual(deleted, ["task"]);
    assert.equal(reports.length, 1);
  });
});
