import type { MockNode } from "./mockNode";
import { until } from "./poll";

/** Share of the calls of all these nodes that one of them got. */
export function share(node: MockNode, all: MockNode[]): number {
  return node.calls / all.reduce((sum, { calls }) => sum + calls, 0);
}

/** So many calls before the next look: looking waits a little each time. */
const callsAtATime = 10;

/**
 * Which node gets a call is drawn: sends calls until each of the counts is at least so high. A node that is left out never gets there,
 * one that is not always does, however the draws fall.
 */
export async function untilEachHas(
  least: number,
  counts: () => number[],
  send: () => Promise<unknown>,
): Promise<void> {
  await until(
    async () => {
      for (let call = 0; call < callsAtATime; call++) await send();
      return counts().every((count) => count >= least);
    },
    { what: `each node has ${least} calls` },
  );
}
