import { z } from "zod";
import { headerProblems, nameProblem, type Problem } from "../../domain/nodeInput";
import { parseNodeUrl } from "../../domain/nodeUrl";

/** What a caller may send. Nothing else: an unknown field is a misspelt one. Messages never quote what was sent. */
export interface InputRules {
  allowPrivate: boolean;
  /** Names of the known networks. */
  networks: string[];
}

export const wholeBetween = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const positive = (max: number) => {
  const error = `must be a number above 0, at most ${max}`;
  return z.number({ error }).positive({ error }).max(max, { error });
};
const flag = z.boolean({ error: "must be true or false" });
/** Of a node or a key. */
export const displayName = z.string({ error: "must be a string" }).superRefine((value, context) => {
  const problem = nameProblem(value);
  if (problem) context.addIssue({ code: "custom", message: problem });
});
const weight = wholeBetween(1, 1000);
const limits = {
  max_rps: positive(1_000_000),
  max_concurrency: wholeBetween(1, 100_000),
  monthly_credits: wholeBetween(1, 1_000_000_000_000),
};

const url = (kind: "http" | "ws", allowPrivate: boolean) =>
  z.unknown().transform((value, context): string => {
    const result = parseNodeUrl(value, { kind, allowPrivate });
    if (result.ok) return result.url.href;
    for (const message of result.problems) context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

// Not z.record: a key `__proto__` must be seen, not become a prototype.
const headers = z
  .custom<Record<string, string>>(isTextMap, { error: "must be an object of strings" })
  .superRefine((value, context) => {
    for (const { message } of headerProblems(value)) context.addIssue({ code: "custom", message });
  });

/** Body of `POST /backends`. */
export function addBackendType({ allowPrivate, networks }: InputRules) {
  const known = `must be one of the networks: ${networks.join(", ")}`;
  return z
    .strictObject({
      url: url("http", allowPrivate),
      network: z
        .string({ error: known })
        .refine((value) => networks.includes(value), { error: known })
        .optional(),
      is_leader: flag.default(false),
      weight: weight.default(100),
      headers: headers.optional(),
      name: displayName.optional(),
      ws_url: url("ws", allowPrivate).optional(),
      max_rps: limits.max_rps.optional(),
      max_concurrency: limits.max_concurrency.optional(),
      monthly_credits: limits.monthly_credits.optional(),
    })
    .superRefine((value, context) => {
      const sent = Object.keys(value.headers ?? {}).some((key) => key.toLowerCase() === "authorization");
      if (!sent || typeof value.url !== "string" || new URL(value.url).username === "") return;
      context.addIssue({
        code: "custom",
        path: ["headers"],
        message: "Authorization and user:pass@ exclude each other",
      });
    });
}

/** Body of `PATCH /backends/<id>`; null removes. */
export const patchBackendType = z
  .strictObject({
    weight: weight.optional(),
    drained: flag.optional(),
    is_leader: flag.optional(),
    name: displayName.nullable().optional(),
    max_rps: limits.max_rps.nullable().optional(),
    max_concurrency: limits.max_concurrency.nullable().optional(),
    monthly_credits: limits.monthly_credits.nullable().optional(),
  })
  .refine((value) => Object.keys(value).length > 0, { error: "names nothing to change" });

/** What is wrong, by field; a problem of the whole body has the field `body`. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ field: key.slice(0, 64), message: "is not known" }));
    }
    const field = issue.path.length > 0 ? issue.path.join(".") : "body";
    const message =
      issue.code === "invalid_type" && field === "body" ? "must be a JSON object" : issue.message;
    return [{ field, message }];
  });
}

function isTextMap(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((item) => typeof item === "string");
}
