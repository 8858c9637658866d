import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type CreditCount, countCredits, spentCredits } from "../../functions/domain/credits";
import type { RegisteredNode } from "../../functions/domain/node";
import type { TaskHeartbeat } from "../../functions/domain/task";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const node = (id: string, monthlyCredits?: number) =>
  ({ id, network: "mainnet", ...(monthlyCredits ? { limits: { monthlyCredits } } : {}) }) as RegisteredNode;
const report = (
  taskId: string,
  minute: number,
  creditsByNode: Record<string, number>,
  startedAt = at(0),
): TaskHeartbeat => ({
  taskId,
  releaseVersion: 1,
  startedAt,
  reportedAt: at(minute),
  draining: false,
  counters: { requestsByStatus: {}, callsByNode: {}, creditsByNode },
});
const count = (before: CreditCount | undefined, minute: number, tasks: TaskHeartbeat[]) =>
  countCredits(before, { at: at(minute), tasks, nodes: [node("n1", 100)], probed: [] });

describe("credits of a node's plan", () => {
  it("are what all tasks have sent, each call once, however often it is reported", () => {
    const first = count(undefined, 1, [report("a", 1, { n1: 5 }), report("b", 1, { n1: 7, n2: 1 })]);
    assert.deepEqual(first.spent, { n1: 12, n2: 1 });
    const again = count(first, 2, [report("a", 1, { n1: 5 }), report("b", 1, { n1: 7, n2: 1 })]);
    assert.deepEqual(again.spent, first.spent);
    const more = count(again, 3, [report("a", 3, { n1: 6 }), report("b", 3, { n1: 7, n2: 1 })]);
    assert.deepEqual(more.spent, { n1: 13, n2: 1 });
  });

  it("are made up for when reports were lost, also after a time without any", () => {
    const first = count(undefined, 1, [report("a", 1, { n1: 5 })]);
    const silent = count(first, 2, []);
    assert.deepEqual(count(silent, 60, [report("a", 59, { n1: 50 })]).spent, { n1: 50 });
  });

  it("are not counted again of a task that was silent for days", () => {
    const first = count(undefined, 1, [report("a", 1, { n1: 5 })]);
    const days = 4 * 24 * 60;
    const silent = count(count(first, 2, []), days, []);
    const back = count(count(silent, days + 1, []), days + 2, [report("a", days + 2, { n1: 9 })]);
    assert.deepEqual(back.spent, { n1: 5 });
    assert.deepEqual(count(back, days + 3, [report("a", days + 3, { n1: 10 })]).spent, { n1: 6 });
  });

  it("begin with each start of a task, under the same name too", () => {
    const first = count(undefined, 1, [report("local", 1, { n1: 5 })]);
    const restarted = count(first, 3, [report("local", 3, { n1: 8 }, at(2))]);
    assert.deepEqual(restarted.spent, { n1: 13 });
    // The last report of the first may be there as well.
    const both = [report("local", 2, { n1: 6 }), report("local", 4, { n1: 9 }, at(2))];
    const later = count(restarted, 4, both);
    assert.deepEqual(later.spent, { n1: 15 });
    assert.deepEqual(count(later, 5, both.reverse()).spent, { n1: 15 });
  });

  it("are not counted again by a run that knows less than the last one", () => {
    const first = count(undefined, 1, [report("a", 1, { n1: 9 })]);
    const behind = count(first, 2, [report("a", 0, { n1: 5 })]);
    assert.deepEqual(count(behind, 3, [report("a", 3, { n1: 9 })]).spent, { n1: 9 });
  });

  it("hold the three calls of each probe of a node with a limit", () => {
    const nodes = [node("n1", 100), node("n2")];
    const run = { at: at(1), tasks: [], nodes, probed: ["n1", "n2"] };
    assert.deepEqual(countCredits(undefined, run).spent, { n1: 3 });
  });

  it("begin anew with the calendar month (UTC), the calls before left where they were", () => {
    const january = count(undefined, 1, [report("a", 1, { n1: 90 })]);
    const days31 = 31 * 24 * 60;
    const later = count(january, days31 - 60, [report("a", days31 - 60, { n1: 93 })]);
    const last = count(later, days31 - 1, [report("a", days31 - 1, { n1: 95 })]);
    assert.deepEqual([last.month, last.spent], ["2026-01", { n1: 95 }]);
    const first = count(last, days31, [report("a", days31, { n1: 97 })]);
    assert.deepEqual([first.month, first.spent], ["2026-02", { n1: 2 }]);
  });

  it("of all regions add up, but not those of another month", () => {
    const here = count(undefined, 1, [report("a", 1, { n1: 5 })]);
    const there = count(undefined, 2, [report("b", 1, { n1: 6, n2: 1 })]);
    const old = { ...there, month: "2025-12" };
    const spent = spentCredits({ here, elsewhere: [there, old] }, at(3));
    assert.deepEqual(
      [...spent],
      [
        ["n1", 11],
        ["n2", 1],
      ],
    );
  });

  it("are remembered of so many tasks that an item of the table holds them", () => {
    const nodes = Array.from({ length: 5 }, (_, i) => `n${String(i).repeat(16)}`);
    const sums = Object.fromEntries(nodes.map((id) => [id, 123_456_789]));
    const tasks = Array.from({ length: 3000 }, (_, i) => report(`${"f".repeat(32)}${i}`, 1, sums));
    const kept = count(count(undefined, 1, tasks), 2, []);
    assert.ok(JSON.stringify(kept).length < 400_000, `${JSON.stringify(kept).length}`);
  });

  it("are exact for any order of calls, lost reports, restarts and repeated runs", () => {
    const step = fc.record({
      task: fc.constantFrom("a", "b", "c"),
      calls: fc.nat(20),
      isReported: fc.boolean(),
      restarts: fc.boolean(),
      runs: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let made = 0;
        let clock = 0;
        let counted: CreditCount | undefined;
        const sums: Record<string, number> = {};
        const starts: Record<string, string> = {};
        const reports = new Map<string, TaskHeartbeat>();
        const tell = (task: string) =>
          reports.set(task, report(task, ++clock, { n1: sums[task] ?? 0 }, starts[task]));
        for (const { task, calls, isReported, restarts, runs } of steps) {
          made += calls;
          sums[task] = (sums[task] ?? 0) + calls;
          if (isReported || restarts) tell(task);
          for (let run = restarts ? -1 : 0; run < runs; run++) {
            counted = count(counted, ++clock, [...reports.values()]);
          }
          if (!restarts) continue;
          sums[task] = 0;
          starts[task] = at(++clock);
        }
        for (const task of reports.keys()) tell(task);
        for (const [task, sum] of Object.entries(sums)) if (sum > 0) tell(task);
        counted = count(counted, ++clock, [...reports.values()]);
        assert.equal(counted.spent.n1 ?? 0, made);
      }),
      { numRuns: 300 },
    );
  });
});
