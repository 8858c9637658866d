import { askNode, type Reply } from "./askNode";
import { Call } from "./call";
import { headMethod, heightIn } from "./heads";
import { logsMethod } from "./needs";
import { wantedOf } from "./nextNode";
import { errorMember, invalidParams } from "./rpcError";
import type { Network, Node } from "./types";

/**
 * A node leaves out the logs of blocks that it does not have. So one that is not known to have the end of a range is asked first how
 * high it is. That is rare: ranges end at the head or below, and calls go to nodes that have the head.
 */
export function hasToBeChecked(network: Network, call: Call, node: Node): boolean {
  if (call.method !== logsMethod) return false;
  const { range } = wantedOf(network, call);
  return range !== undefined && node.height < range;
}

const oddClasses = new Set(["own", "alreadyKnown", "caller", "rangeTooWide", "missingData", "unsupported"]);

/**
 * Asks a node for logs if it has the range.
 * @param done called with its answer, or with what kept it from saying how high it is; or with nothing when it lacks the range
 */
export function askChecked(
  r: NginxHTTPRequest,
  network: Network,
  node: Node,
  call: Call,
  limitMs: number,
  done: (reply: Reply | undefined) => void,
): void {
  const startedAt = Date.now();
  askNode(r, node, [new Call("1", headMethod, "[]")], limitMs, (reply) => {
    const verdict = reply.verdicts?.[0];
    if (verdict?.kind !== "result") {
      // What a node says against this question is nothing that the client should hear.
      const isOdd = verdict?.kind === "error" && oddClasses.has(verdict.judgement.class);
      done(isOdd ? { failure: "garbage" } : reply);
      return;
    }
    const now = Date.now();
    const height = heightIn(verdict.member.slice('"result":'.length));
    if (height === undefined) {
      done({ failure: "garbage" });
      return;
    }
    network.heads.see(node, height, now);
    if (height < wantedOf(network, call).range!) done(undefined);
    else askNode(r, node, [call], Math.max(1, limitMs - (now - startedAt)), done);
  });
}

/** What a client hears when no node has the range; execution-apis words it so. */
export function lacksRange(network: Network, call: Call): string {
  const { range } = wantedOf(network, call);
  if (range !== undefined && network.head >= 0 && range <= network.head) {
    return errorMember(
      -32000,
      `No node has the blocks up to ${range} at the moment, so logs would be missing.`,
    );
  }
  return errorMember(invalidParams, "block range extends beyond current head block");
}
