/** Which handler each task state of the workflow calls. Local interpreters take handlers by state name. */
export const workflowTasks = {
  ListNodes: "listNodes",
  ProbeBatch: "probe",
  Evaluate: "evaluate",
  Render: "render",
  CheckRollout: "redeploy",
} as const;

export type WorkflowTask = keyof typeof workflowTasks;
export type WorkflowHandler = (typeof workflowTasks)[WorkflowTask];

export interface WorkflowOptions {
  /** What a task state calls: the handler's Lambda ARN; locally anything, as the handler is called directly. */
  resourceOf(handler: WorkflowHandler): string;
  /**
   * When the health checks of one execution start, in seconds after it. A schedule fires once a minute at most: a check
   * every 20 s is [0, 20, 40]. They start on the clock, however long the one before takes.
   */
  startOffsetsSeconds?: number[];
}

/** Twice more, after about one and two seconds. What still fails then is skipped: the next run is not far. */
const retry = [
  { ErrorEquals: ["States.ALL"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2, JitterStrategy: "FULL" },
];
const otherwise = (next: string, resultPath: string | null = "$.error") => [
  { ErrorEquals: ["States.ALL"], Next: next, ResultPath: resultPath },
];

/**
 * The health check as Amazon States Language: the one source for AWS and the local run. Input
 * `{ "mode": "healthCheck" | "render" }`; a node that is broken or a function that fails never ends a run.
 */
export function workflowDefinition({ resourceOf, startOffsetsSeconds = [0] }: WorkflowOptions) {
  const task = (name: WorkflowTask, timeoutSeconds: number) => ({
    Type: "Task",
    Resource: resourceOf(workflowTasks[name]),
    TimeoutSeconds: timeoutSeconds,
    Retry: retry,
  });
  const probeBatches = {
    Type: "Map",
    ItemsPath: "$.batches",
    // What AWS runs at once at most.
    MaxConcurrency: 40,
    ItemProcessor: {
      ProcessorConfig: { Mode: "INLINE" },
      StartAt: "ProbeBatch",
      States: {
        ProbeBatch: { ...task("ProbeBatch", 90), Catch: otherwise("SkipBatch"), End: true },
        SkipBatch: { Type: "Pass", Result: { results: [] }, End: true },
      },
    },
    ResultPath: "$.batches",
    Catch: otherwise("CheckRollout"),
    Next: "Evaluate",
  };
  const oneRun = {
    ProcessorConfig: { Mode: "INLINE" },
    StartAt: "WaitForStart",
    States: {
      WaitForStart: { Type: "Wait", SecondsPath: "$.startAfterSeconds", Next: "ChooseMode" },
      ChooseMode: {
        Type: "Choice",
        Choices: [{ Variable: "$.mode", StringEquals: "render", Next: "Render" }],
        Default: "ListNodes",
      },
      ListNodes: { ...task("ListNodes", 30), Catch: otherwise("CheckRollout"), Next: "ProbeBatches" },
      ProbeBatches: probeBatches,
      Evaluate: { ...task("Evaluate", 60), Catch: otherwise("CheckRollout"), Next: "ChooseRender" },
      ChooseRender: {
        Type: "Choice",
        Choices: [{ Variable: "$.changed", BooleanEquals: true, Next: "Render" }],
        Default: "CheckRollout",
      },
      Render: { ...task("Render", 60), Catch: otherwise("CheckRollout"), Next: "CheckRollout" },
      CheckRollout: {
        ...task("CheckRollout", 30),
        Catch: otherwise("RunEnded"),
        ResultPath: null,
        Next: "RunEnded",
      },
      // Nothing is handed on, so a run's end is small however many nodes there are.
      RunEnded: { Type: "Pass", Result: {}, End: true },
    },
  };
  return {
    Comment: "Probes all nodes, judges them, and publishes a release when what should run has changed.",
    StartAt: "ChooseStarts",
    States: {
      ChooseStarts: {
        Type: "Choice",
        Choices: [{ Variable: "$.mode", StringEquals: "render", Next: "StartNow" }],
        Default: "StartOnTheClock",
      },
      StartNow: { Type: "Pass", Result: [0], ResultPath: "$.starts", Next: "Runs" },
      StartOnTheClock: { Type: "Pass", Result: startOffsetsSeconds, ResultPath: "$.starts", Next: "Runs" },
      Runs: {
        Type: "Map",
        ItemsPath: "$.starts",
        ItemSelector: { "startAfterSeconds.$": "$$.Map.Item.Value", "mode.$": "$.mode" },
        ItemProcessor: oneRun,
        ResultPath: null,
        End: true,
      },
    },
  };
}
