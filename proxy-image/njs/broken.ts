import { awaited } from "./awaited";
import { forgetCall } from "./quickCall";
import { loadRuntime } from "./runtime";
import { eject, watch } from "./state";

/**
 * Variable that nginx evaluates when a request has ended without an answer. When nobody but nginx itself ended it, the node sent
 * more than fits in the buffer (a filter there would double the cost of a call) or chunks that are none: that client can't be
 * helped, the next one can.
 */
export function broken(r: NginxHTTPRequest): string {
  const node = forgetCall() ?? awaited.node;
  awaited.node = undefined;
  if (node === undefined || r.variables.status !== "000") return "";
  const now = Date.now();
  watch(node, now);
  eject(node, now, loadRuntime(r));
  ngx.log(ngx.WARN, `node ${node.id} has sent too large an answer, or a malformed one`);
  return "";
}
