/**
 * Numbers requests for the access log. What nginx draws for a request is taken as the start for all later requests of a context:
 * drawing costs a call into the kernel and as much as reading a request's headers.
 */
const startLength = 22;
const first = 1_000_000_000;
const last = 2_147_483_647;

let start = "";
let next = last;

/** 32 hexadecimal digits. */
export function requestId(r: NginxHTTPRequest): string {
  if (next === last) {
    start = r.variables.request_id!.slice(0, startLength);
    next = first;
  }
  return start + next++;
}
