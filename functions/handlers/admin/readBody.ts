import type { Context } from "hono";
import type { z } from "zod";
import { problemsOf } from "./schemas";

/** The body, or the answer to a body that can't be used. */
export async function readBody<T>(c: Context, type: z.ZodType<T>): Promise<T | Response> {
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
  } catch {
    return c.json({ error: "parse_error" }, 400);
  }
  const parsed = type.safeParse(value);
  return parsed.success ? parsed.data : invalid(c, problemsOf(parsed.error));
}

export function invalid(c: Context, details: { field: string; message: string }[]): Response {
  return c.json({ error: "validation_error", details }, 400);
}

export function notFound(c: Context): Response {
  return c.json({ error: "not_found" }, 404);
}
