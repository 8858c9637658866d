import { guard, guardHeavy } from "./guard";

/** A script of its own: each answer that is guarded takes a context, which holds this and nothing else. */
export default { guard, guardHeavy };
