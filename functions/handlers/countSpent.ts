import { countCredits, isLimited, spentCredits } from "../domain/credits";
import type { RegisteredNode } from "../domain/node";
import { redactText } from "../domain/redact";
import type { Log } from "../ports/log";
import type { Registry } from "../ports/registry";

/** Another run may count at the same time; who comes second adds to what it wrote. */
const attempts = 3;

/**
 * Adds up what nodes with a monthly limit have taken since the last run: one write a run, none without such a node.
 * @returns what each of them has spent this month, in all regions
 */
export async function countSpent(
  { registry, log }: { registry: Registry; log: Log },
  run: { at: string; nodes: RegisteredNode[]; probed: string[] },
): Promise<Map<string, number>> {
  if (!run.nodes.some(isLimited)) return new Map();
  for (let attempt = 1; ; attempt++) {
    const [tasks, known] = await Promise.all([registry.listReports(), registry.creditCounts()]);
    const { here, elsewhere } = known;
    // This run, tried again, or a newer one has counted.
    if (here && here.at >= run.at) return spentCredits(known, run.at);
    const count = countCredits(here, { ...run, tasks });
    const isWritten = await registry.putCreditCount(count, here?.at).catch((error: unknown) => {
      // What can't be remembered must not keep nodes from being judged.
      log.warn({ reason: redactText(String(error)) }, "Credits could not be counted");
      return true;
    });
    if (isWritten || attempt === attempts) return spentCredits({ here: count, elsewhere }, run.at);
  }
}
