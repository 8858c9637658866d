import { z } from "zod";
import { displayName, wholeBetween } from "./schemas";

const mostListed = 50;

/** A list that restricts; an empty one would allow nothing and is a mistake. */
const some = (item: z.ZodType<string>, allowed: string) =>
  z
    .array(item, { error: `must be a list: ${allowed}` })
    .min(1, { error: "must not be empty; leave it out to allow all" })
    .max(mostListed, { error: `has more than ${mostListed} entries` });

const originAllowed = "origins such as https://app.example.org";
/** As browsers write it: scheme, host, port unless it is the scheme's own (https://www.rfc-editor.org/rfc/rfc6454#section-6.2). */
const origin = z
  .string({ error: originAllowed })
  .refine(
    (text) =>
      /^https?:\/\/[^\s/?#@]{1,253}$/.test(text) && URL.canParse(text) && new URL(text).origin === text,
    { error: originAllowed },
  );
const methodAllowed = "method names, * as wildcard";
const method = z
  .string({ error: methodAllowed })
  .refine((text) => /^[A-Za-z0-9_*]{1,100}$/.test(text), { error: methodAllowed });
const rateAllowed = "must be a number from 0.001 to 100000";
const expiryAllowed = "must be an instant in the future, like 2027-01-31T00:00:00Z";

/** Body of `POST /keys`. @param networks names of the known ones */
export function addKeyType({ networks, now }: { networks: string[]; now: Date }) {
  const known = `must be some of the networks: ${networks.join(", ")}`;
  return z.strictObject({
    name: displayName,
    networks: some(
      z.string({ error: known }).refine((value) => networks.includes(value), { error: known }),
      "names of networks",
    ).optional(),
    rate_per_second: z
      .number({ error: rateAllowed })
      .min(0.001, { error: rateAllowed })
      .max(100_000, { error: rateAllowed })
      .optional(),
    burst: wholeBetween(1, 1_000_000).optional(),
    expires_at: z.iso
      .datetime({ offset: true, error: expiryAllowed })
      .refine((text) => Date.parse(text) > now.getTime(), { error: expiryAllowed })
      .transform((text) => new Date(text).toISOString())
      .optional(),
    origins: some(origin, originAllowed).optional(),
    methods: some(method, methodAllowed).optional(),
  });
}
