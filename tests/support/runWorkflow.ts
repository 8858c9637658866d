import {
  type WorkflowOptions,
  type WorkflowTask,
  workflowDefinition,
} from "../../functions/workflow/definition";
import type { JSONValue, WorkflowRun } from "./stepFunctions";
import { StateMachine } from "./stepFunctions";

/** Handlers by the state that calls them. */
export type TaskHandlers = Record<WorkflowTask, (input: never) => Promise<unknown>>;

/** Executes the workflow as it is deployed, with the given handlers as its Lambdas and without waits before retries. */
export function runWorkflow(
  handlers: TaskHandlers,
  mode: "healthCheck" | "render",
  options: Partial<WorkflowOptions> = {},
): WorkflowRun {
  const definition = workflowDefinition({ resourceOf: localArn, ...options });
  const machine = new StateMachine(definition as never);
  return machine.run(
    { mode },
    {
      overrides: {
        taskResourceLocalHandlers: handlers as unknown as Record<
          string,
          (input: JSONValue) => Promise<JSONValue>
        >,
        retryIntervalOverrides: Object.fromEntries(Object.keys(handlers).map((name) => [name, 0])),
      },
    },
  );
}

export function localArn(handler: string): string {
  return `arn:aws:lambda:us-east-1:123456789012:function:${handler}`;
}
