import type { Call } from "./call";
import { rawElements } from "./jsonText";
import { errorMember } from "./rpcError";
import type { Network, Node } from "./types";

/**
 * Filters live in the node that made them. The id that a client gets says which that was: `0x1`, the node's own id of the filter, and
 * eight digits of the node's id. So any proxy finds the node without remembering anything, and the id is a quantity without
 * leading zeros whatever the node's own id is.
 */
const makers = new Set(["eth_newFilter", "eth_newBlockFilter", "eth_newPendingTransactionFilter"]);
const users = new Set(["eth_getFilterChanges", "eth_getFilterLogs", "eth_uninstallFilter"]);

const suffixLength = 8;
const handedOut = /^0x1([0-9a-f]{1,64})([0-9a-f]{8})$/i;
const ownId = /^"result":"0x([0-9a-f]{1,64})"$/i;

/** As geth puts it. */
const notFound = errorMember(-32000, "filter not found");
const invalidParams = -32602;

/** Makes a filter or uses one: no other node's answer will do, nor an older one. */
export function isFilterMethod(method: string): boolean {
  return makers.has(method) || users.has(method);
}

/**
 * The result to hand out for a node's result of any method.
 * @returns undefined when it ought to be the id of a filter and is none
 */
export function withFilterId(method: string, node: Node, member: string): string | undefined {
  if (!makers.has(method)) return member;
  const own = ownId.exec(member)?.[1];
  return own === undefined ? undefined : `"result":"0x1${own}${suffixOf(node)}"`;
}

/** Ties a call that uses a filter to the node that made it, or ends it when that is not here. */
export function pinToFilter(network: Network, call: Call): void {
  if (!users.has(call.method)) return;
  const params = call.paramsText?.startsWith("[") ? rawElements(call.paramsText) : [];
  const id: unknown = params.length === 0 ? undefined : JSON.parse(params[0]!);
  if (typeof id !== "string") {
    call.finish(errorMember(invalidParams, "The first parameter must be the id of a filter."), "error");
    return;
  }
  const [, own, suffix] = handedOut.exec(id) ?? [];
  const { nodes, leader } = network;
  const isMaker = (node: Node) => suffixOf(node) === suffix?.toLowerCase();
  const node = nodes.find(isMaker) ?? (leader !== undefined && isMaker(leader) ? leader : undefined);
  if (node === undefined) {
    call.finish(notFound, "error");
    return;
  }
  call.pinned = node;
  call.pinnedParams = `[${[`"0x${own}"`, ...params.slice(1)].join(",")}]`;
}

/** The node that a pinned call goes to next. */
export function nextPinned(call: Call, isIdempotent: boolean): Node | undefined {
  if (call.tried === undefined || call.tried.length === 0) return call.pinned;
  // The node may have closed an idle connection just when the call was sent.
  if (!isIdempotent || call.retrying || call.failures?.[0]?.failure !== "reset") return undefined;
  call.retrying = true;
  return call.pinned;
}

/** The filters of a node that is gone are gone: clients make new ones when they hear that. */
export function endPinned(call: Call): boolean {
  const failure = call.failures?.[call.failures.length - 1]?.failure;
  if (call.pinned === undefined || (failure !== "unreachable" && failure !== "timeout")) return false;
  call.finish(notFound, "error", call.pinned);
  return true;
}

function suffixOf({ id }: Node): string {
  return id.slice(-suffixLength).toLowerCase();
}
