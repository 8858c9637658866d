import { createHash } from "node:crypto";

/** Load balancers and target groups have 32 characters, 8 of which Pulumi's own suffix takes. */
const longest = 24;

/** `name` if it fits where AWS allows 32 characters, else its start and a hash of the whole. */
export function shortName(name: string): string {
  if (name.length <= longest) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, longest - hash.length - 1).replace(/-+$/, "")}-${hash}`;
}
