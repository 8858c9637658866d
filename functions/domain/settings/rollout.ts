import { z } from "zod";
import { decimal, setting, wholeNumber } from "./definition";

/** How releases reach tasks, and how tasks come and go. */
export const rolloutSettings = {
  rollout: setting({
    type: z.enum(["reload", "redeploy"], { error: "reload or redeploy" }),
    default: "reload",
    doc: "How a release reaches the proxies: reload (agents pick it up) or redeploy (each release replaces the tasks).",
  }),
  releasePollSeconds: setting({
    type: decimal(0.05, 60),
    default: 2,
    local: 0.25,
    doc: "How often an agent looks for a new release.",
  }),
  rolloutGraceSeconds: setting({
    type: wholeNumber(1, 3600),
    default: 60,
    doc: "A task that has not reported the current release this long after its publication is replaced.",
  }),
  heartbeatSeconds: setting({
    type: decimal(0.1, 300),
    default: 15,
    local: 1,
    doc: "How often an agent reports its task.",
  }),
  drainSeconds: setting({
    type: wholeNumber(0, 3600),
    default: 30,
    local: 2,
    doc: "Longest wait for calls in flight when a task is told to stop.",
  }),
};
