import { Hono } from "hono";
import type { PageAssets } from "./buildPage";

/** Nothing but the page's own files and the API that it belongs to; texts can't become markup or script. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** `/` and the files that it loads. */
export function pageRoutes({ html, script, style }: PageAssets): Hono {
  const app = new Hono();
  app.get("/", (c) => c.html(html, 200, { "Content-Security-Policy": pagePolicy }));
  app.get("/page.js", (c) => c.body(script, 200, { "Content-Type": "text/javascript; charset=utf-8" }));
  app.get("/page.css", (c) => c.body(style, 200, { "Content-Type": "text/css; charset=utf-8" }));
  return app;
}
