import "./promiseWithResolvers";
import { StateMachine, type StateMachineDefinition } from "aws-local-stepfunctions";
import { redactText } from "../../functions/domain/redact";
import type { Log } from "../../functions/ports/log";
import type { Workflow } from "../../functions/ports/workflow";
import { type WorkflowTask, workflowDefinition, workflowTasks } from "../../functions/workflow/definition";

/** What a task state calls, by the state's name. Input and output are JSON, as a Lambda's are. */
export type TaskHandlers = Record<WorkflowTask, (input: never) => Promise<unknown>>;

type LocalHandlers = NonNullable<
  NonNullable<NonNullable<Parameters<StateMachine["run"]>[1]>["overrides"]>["taskResourceLocalHandlers"]
>;

/** More runs at a time than this mean that the machine can't keep up: another one would make it worse. */
const mostRuns = 5;

/** What is executed here: the definition of AWS with names for ARNs. */
export const localDefinition = workflowDefinition({
  resourceOf: (handler) => `arn:aws:lambda:us-east-1:000000000000:function:${handler}`,
});

/** The Step Functions of this machine: interprets the definition that AWS executes, with the same handlers. */
export class LocalWorkflow implements Workflow {
  // A copy: the interpreter writes its defaults into what it is given.
  readonly #machine = new StateMachine(structuredClone(localDefinition) as StateMachineDefinition);
  readonly #handlers: LocalHandlers;
  readonly #running = new Map<Promise<void>, () => void>();
  #stopped = false;

  constructor(
    handlers: TaskHandlers,
    private readonly log: Log,
  ) {
    const names = Object.keys(workflowTasks) as WorkflowTask[];
    this.#handlers = Object.fromEntries(names.map((name) => [name, this.#asLambda(name, handlers[name])]));
  }

  /** Starts a run and does not wait for it, as StartExecution does. */
  async start(mode: "healthCheck" | "render"): Promise<void> {
    if (this.#running.size >= mostRuns) {
      this.log.warn({ mode, running: this.#running.size }, "Too many runs at a time: one is left out");
      return;
    }
    void this.run(mode);
  }

  /** One run, to its end. Never rejects. */
  async run(mode: "healthCheck" | "render"): Promise<void> {
    if (this.#stopped) return;
    const execution = this.#machine.run(
      { mode },
      { noThrowOnAbort: true, overrides: { taskResourceLocalHandlers: this.#handlers } },
    );
    const done = execution.result.then(
      () => {},
      (error: unknown) => this.log.error({ mode, reason: describe(error) }, "Run failed"),
    );
    this.#running.set(done, execution.abort);
    await done;
    this.#running.delete(done);
  }

  /** Breaks off what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const abort of this.#running.values()) abort();
    await Promise.all(this.#running.keys());
  }

  /** JSON in, JSON out; a failure is noted here, as the workflow catches it. */
  #asLambda(name: WorkflowTask, handler: (input: never) => Promise<unknown>): LocalHandlers[string] {
    return async (input) => {
      try {
        const output = await handler(structuredClone(input) as never);
        return JSON.parse(JSON.stringify(output ?? null));
      } catch (error) {
        if (!this.#stopped) this.log.error({ task: name, reason: describe(error) }, "Task failed");
        throw error;
      }
    };
  }
}

function describe(error: unknown): string {
  return redactText(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
