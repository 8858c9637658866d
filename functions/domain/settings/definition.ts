import ipaddr from "ipaddr.js";
import { z } from "zod";

/** A setting: its type, its default, and what it means. Its name is its key. */
export interface SettingDefinition<T extends z.ZodType> {
  type: T;
  /** Default on AWS and, unless `local` says otherwise, on one machine. */
  default: z.infer<T>;
  local?: z.infer<T>;
  doc: string;
  /** Where a default or a rule was taken from. */
  source?: string;
}

export function setting<T extends z.ZodType>(definition: SettingDefinition<T>): SettingDefinition<T> {
  return definition;
}

/** Numbers as such (Pulumi config) or written out (environment). Nothing else: `Number("")` and `Number(true)` are numbers. */
const writtenNumber = (pattern: RegExp, error: string) =>
  z.union([z.number(), z.string().regex(pattern).transform(Number)], { error });
export const wholeNumber = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return writtenNumber(/^-?\d{1,16}$/, error).pipe(z.int({ error }).min(min, { error }).max(max, { error }));
};
export const decimal = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return writtenNumber(/^-?\d{1,16}(\.\d{1,16})?$/, error).pipe(
    z.number({ error }).min(min, { error }).max(max, { error }),
  );
};
export const flag = z
  .union([z.boolean(), z.literal(["true", "false"])], { error: "true or false" })
  .transform((value) => value === true || value === "true");
/** Comma-separated in the environment, a list in the Pulumi config. */
export const list = (item: z.ZodType<string>, allowed: string) =>
  z.preprocess(
    (value) =>
      typeof value === "string"
        ? value
            .split(",")
            .map((part) => part.trim())
            .filter(Boolean)
        : value,
    // The list's own words win over what zod says about an item.
    z
      .array(z.unknown(), { error: allowed })
      .max(1000, { error: "at most 1000 entries" })
      .refine((items) => items.every((one) => item.safeParse(one).success), { error: allowed })
      .transform((items) => items as string[]),
  );
export const addressOrRange = z
  .string()
  .refine((text) =>
    text.includes("/")
      ? ipaddr.isValidCIDR(text)
      : ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text),
  );
export const methodPatterns = () =>
  list(z.string().regex(/^[A-Za-z0-9_*]{1,100}$/), "method names, `*` as wildcard, separated by commas");
