/** Starts the Step Functions workflow. */
export interface Workflow {
  /** `healthCheck`: probe, then render if something changed. `render`: only render (the registry changed). */
  start(mode: "healthCheck" | "render"): Promise<void>;
}
