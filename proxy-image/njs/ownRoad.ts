import { isFilterMethod } from "./filters";
import { isHeavy } from "./heavyMethods";
import { isBroadcast } from "./methods";
import type { Node } from "./types";

/** The method is not for the quick road. */
export function hasOwnRoad(method: string): boolean {
  return isBroadcast(method) || isFilterMethod(method) || isHeavy(method);
}

/** URI of the node's internal location for this method, when that is neither of the usual two. */
export function ownLocation(node: Node, method: string): string | undefined {
  if (isBroadcast(method)) return `/!${node.id}`;
  return isHeavy(method) ? `/+${node.id}` : undefined;
}
