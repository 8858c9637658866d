import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { workflowDefinition, workflowTasks } from "../../functions/workflow/definition";
import { localArn, runWorkflow, type TaskHandlers } from "../support/runWorkflow";

interface Verdict {
  isValid: boolean;
  errorsText: (separator?: string) => string;
}
const validate = require("asl-validator") as (definition: object) => Verdict;

/** Handlers that say what the real ones say when all is well, and note who was called. */
function scripted(overrides: Partial<TaskHandlers> = {}) {
  const calls: string[] = [];
  const plan = { startedAt: "2026-01-01T00:00:00.000Z", batches: [{ nodeIds: ["n1"] }, { nodeIds: ["n2"] }] };
  const say: Record<string, (input: never) => Promise<unknown>> = {
    ListNodes: async () => plan,
    ProbeBatch: async ({ nodeIds }: { nodeIds: string[] }) => ({ results: nodeIds }),
    Evaluate: async () => ({ changed: true }),
    Render: async () => ({ published: true }),
    CheckRollout: async () => ({ redeployed: false }),
    ...overrides,
  };
  const handlers = Object.fromEntries(
    Object.entries(say).map(([name, handler]) => [
      name,
      (input: never) => {
        calls.push(name);
        return handler(input);
      },
    ]),
  ) as unknown as TaskHandlers;
  return { calls, handlers };
}
const broken = async () => {
  throw new Error("https://a.example/v3/secret");
};

describe("workflow definition", () => {
  for (const startOffsetsSeconds of [undefined, [0, 20, 40]]) {
    it(`is valid Amazon States Language, starting at ${startOffsetsSeconds ?? "once"}`, () => {
      const { isValid, errorsText } = validate(
        workflowDefinition({ resourceOf: localArn, startOffsetsSeconds }),
      );
      assert.ok(isValid, isValid ? "" : errorsText("\n"));
    });
  }
  it("is the same bytes whatever the functions are called", () => {
    const text = (prefix: string) =>
      JSON.stringify(workflowDefinition({ resourceOf: (handler) => `${prefix}${handler}` })).replaceAll(
        prefix,
        "",
      );
    assert.equal(text("arn:a:"), text("arn:b:"));
  });
  it("retries and catches at every task", () => {
    const tasks: Record<string, unknown>[] = [];
    JSON.parse(JSON.stringify(workflowDefinition({ resourceOf: localArn })), (_, value) => {
      if (value?.Type === "Task") tasks.push(value);
      return value;
    });
    assert.equal(tasks.length, Object.keys(workflowTasks).length);
    for (const task of tasks) assert.ok(task.Retry && task.Catch && task.TimeoutSeconds);
  });
});

describe("workflow", () => {
  it("lists, probes, evaluates, renders, checks the rollout", async () => {
    const { calls, handlers } = scripted();
    await runWorkflow(handlers, "healthCheck").result;
    assert.deepEqual(calls, ["ListNodes", "ProbeBatch", "ProbeBatch", "Evaluate", "Render", "CheckRollout"]);
  });
  it("hands ids to probes and their results to evaluate", async () => {
    let evaluated: unknown;
    const { handlers } = scripted({
      Evaluate: async (input) => {
        evaluated = input;
        return { changed: false };
      },
    });
    await runWorkflow(handlers, "healthCheck").result;
    assert.deepEqual(evaluated, {
      startedAt: "2026-01-01T00:00:00.000Z",
      batches: [{ results: ["n1"] }, { results: ["n2"] }],
    });
  });
  it("renders nothing when nothing changed", async () => {
    const { calls, handlers } = scripted({ Evaluate: async () => ({ changed: false }) });
    await runWorkflow(handlers, "healthCheck").result;
    assert.deepEqual(calls.slice(-2), ["Evaluate", "CheckRollout"]);
  });
  it("only renders in mode render", async () => {
    const { calls, handlers } = scripted();
    await runWorkflow(handlers, "render").result;
    assert.deepEqual(calls, ["Render", "CheckRollout"]);
  });
  it("goes on without a batch whose function fails, after three tries", async () => {
    let evaluated: { batches?: unknown } = {};
    let tries = 0;
    const { handlers } = scripted({
      ProbeBatch: async ({ nodeIds }: { nodeIds: string[] }) => {
        if (nodeIds[0] === "n2") return { results: nodeIds };
        tries += 1;
        return broken();
      },
      Evaluate: async (input) => {
        evaluated = input;
        return { changed: false };
      },
    });
    await runWorkflow(handlers, "healthCheck").result;
    assert.equal(tries, 3);
    assert.deepEqual(evaluated.batches, [{ results: [] }, { results: ["n2"] }]);
  });
  it("recovers when a retry succeeds", async () => {
    let tries = 0;
    const { calls, handlers } = scripted({
      Evaluate: async () => {
        tries += 1;
        return tries < 3 ? broken() : { changed: true };
      },
    });
    await runWorkflow(handlers, "healthCheck").result;
    assert.deepEqual(calls.slice(-2), ["Render", "CheckRollout"]);
  });
  for (const name of Object.keys(workflowTasks) as (keyof typeof workflowTasks)[]) {
    it(`ends well, and small, when ${name} fails for good`, async () => {
      const { calls, handlers } = scripted({ [name]: broken });
      const output = await runWorkflow(handlers, "healthCheck").result;
      assert.equal(calls.at(-1), "CheckRollout");
      assert.ok(!JSON.stringify(output).includes("secret"));
      assert.ok(JSON.stringify(output).length < 1000);
    });
  }
  it("starts several checks on the clock within one execution", async () => {
    const { calls, handlers } = scripted();
    const started = performance.now();
    await runWorkflow(handlers, "healthCheck", { startOffsetsSeconds: [0, 1] }).result;
    assert.equal(calls.filter((name) => name === "ListNodes").length, 2);
    assert.ok(performance.now() - started >= 990);
  });
});
