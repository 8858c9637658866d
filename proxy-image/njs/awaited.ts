import type { Node } from "./types";

/** The node whose answer the general road awaits, when it is one. */
export const awaited: { node: Node | undefined } = { node: undefined };
