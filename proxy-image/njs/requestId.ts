import { loadRuntime } from "./runtime";

/**
 * Numbers requests for the access log and for clients. What nginx draws for a request is taken as the start for all later requests of
 * a context: drawing costs a call into the kernel and as much as reading a request's headers.
 */
const startLength = 22;
const first = 1_000_000_000;
const last = 2_147_483_647;

let start = "";
let next = last;

/** 32 hexadecimal digits. */
export function requestId(r: NginxHTTPRequest): string {
  if (next === last) {
    const drawn = r.variables.request_id!;
    // Nodes have been sent it by then.
    if (loadRuntime(r).limits.forwardRequestId) return drawn;
    start = drawn.slice(0, startLength);
    next = first;
  }
  return start + next++;
}
