import type { RegisteredNode } from "../domain/node";
import type { ProbeResult } from "../domain/verdict";

/** Looks at one node once. Never throws, never takes longer than its limit, never reads more than its limit. */
export interface NodeProber {
  probe(node: RegisteredNode, timeoutMs: number): Promise<ProbeResult>;
}
