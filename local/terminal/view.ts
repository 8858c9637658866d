import type { Logger } from "./log";
import type { Snapshots } from "./snapshot";

/** A part of the set-up. */
export interface Step {
  title: string;
  /** @param report takes lines that tell how far it is */
  run: (report: (line: string) => void) => Promise<void>;
}

/** How a run shows itself: on a terminal, or as lines of JSON. */
export interface View {
  readonly logger: Logger;
  /**
   * Where the agent's lines go: straight to our stdout, or here, one by one.
   */
  readonly agentLines: "inherit" | ((line: string) => void);
  /** Runs the groups one after the other, the steps of a group at the same time. Rejects with the first failure. */
  runSteps(groups: Step[][]): Promise<void>;
  /** The gateway serves. */
  serving(urls: { proxyUrl: string; adminUrl: string }, snapshots: Snapshots): void;
  stopping(): void;
  /** Nothing is shown any more. */
  close(): Promise<void>;
}
