import type { Context, MiddlewareHandler, Next } from "hono";
import { bodyLimit } from "hono/body-limit";

/** A node's longest URLs and headers fit several times. */
const maxBodyBytes = 65_536;

/**
 * Refuses what a web page could send from the operator's own browser (https://fetch.spec.whatwg.org/#origin-header): another
 * origin, a name that was made to resolve to us, and bodies that need no preflight.
 */
export function refuseForeign(allowedHosts: string[] | "any"): MiddlewareHandler {
  const isAllowed = (hostname: string) => allowedHosts === "any" || allowedHosts.includes(hostname);
  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    const hostname = hostnameOf(host);
    if (hostname === undefined || !isAllowed(hostname)) return c.json({ error: "foreign_host" }, 403);
    const origin = c.req.header("origin");
    if (origin !== undefined && !isSameHost(origin, host)) return c.json({ error: "foreign_origin" }, 403);
    if (isCrossSite(c)) return c.json({ error: "foreign_origin" }, 403);
    return next();
  };
}

/** Whoever sends a body says that it is JSON: a form or plain text could come from any page without asking first. */
export async function requireJson(c: Context, next: Next): Promise<Response | undefined> {
  const mayHaveBody = !["GET", "HEAD", "OPTIONS", "DELETE"].includes(c.req.method);
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if ((mayHaveBody || type !== undefined) && type !== "application/json") {
    return c.json({ error: "unsupported_media_type" }, 415);
  }
  await next();
  return undefined;
}

export const limitBody: MiddlewareHandler = bodyLimit({
  maxSize: maxBodyBytes,
  onError: (c) => c.json({ error: "body_too_large" }, 413),
});

export async function secureHeaders(c: Context, next: Next): Promise<void> {
  await next();
  const headers: Record<string, string> = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
  };
  for (const [name, value] of Object.entries(headers)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
}

function hostnameOf(host: string): string | undefined {
  const url = `http://${host}/`;
  return URL.canParse(url) && !/[/?#@\\]/.test(host) ? new URL(url).hostname.replace(/\.$/, "") : undefined;
}

/** The page is ours: same name, same port. Behind API Gateway the scheme is another one than ours. */
function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** Browsers say so, also of a navigation; a person who follows a link to the status page may. */
function isCrossSite(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== "cross-site" && site !== "same-site") return false;
  return !(c.req.method === "GET" && c.req.header("sec-fetch-mode") === "navigate");
}
