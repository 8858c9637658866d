import { redactText } from "../../domain/redact";
import type { AdminDependencies } from "./dependencies";

/** The change is made, whether or not this works: the next health check finds it too. */
export async function startRun(
  { workflow, log }: AdminDependencies,
  mode: "healthCheck" | "render",
): Promise<void> {
  try {
    await workflow.start(mode);
  } catch (error) {
    log.warn({ mode, reason: redactText(String(error)) }, "The workflow could not be started");
  }
}
