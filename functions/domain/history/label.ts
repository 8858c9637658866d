import type { RegisteredNode } from "../node";
import { redactUrl } from "../redact";

/** What a node is called where people read: its name, else its URL without what is secret. */
export function labelOf(node: Pick<RegisteredNode, "name" | "url">): string {
  return node.name ?? redactUrl(node.url);
}
