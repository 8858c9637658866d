import { Hono } from "hono";
import { redactText } from "../../domain/redact";
import { backendRoutes } from "./backends";
import type { AdminDependencies } from "./dependencies";
import { limitBody, refuseForeign, requireJson, secureHeaders } from "./guards";
import { answerEvents, answerHistory } from "./history";
import { keyRoutes } from "./keys";
import { statusMetrics } from "./metrics";
import { pageRoutes } from "./pageRoutes";
import { releaseRoutes } from "./releases";
import { readStatus } from "./status";

/** The admin API and its status page: the same application behind a socket and behind API Gateway. */
export function createAdminApp(dependencies: AdminDependencies): Hono {
  const { allowedHosts, log } = dependencies;
  const app = new Hono();
  app.use(secureHeaders, refuseForeign(allowedHosts), requireJson, limitBody);
  app.route("/backends", backendRoutes(dependencies));
  app.route("/keys", keyRoutes(dependencies));
  app.route("/releases", releaseRoutes(dependencies));
  app.get("/history", (c) => answerHistory(dependencies, c));
  app.get("/events", (c) => answerEvents(dependencies, c));
  app.get("/metrics", async (c) =>
    c.body(statusMetrics(await readStatus(dependencies)), 200, {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
    }),
  );
  app.get("/status", async (c) => c.json(await readStatus(dependencies)));
  if (dependencies.page) app.route("/", pageRoutes(dependencies.page));
  app.on(["POST", "PUT", "PATCH", "DELETE"], ["/", "/status", "/history", "/events"], (c) =>
    c.json({ error: "method_not_allowed" }, 405, { Allow: "GET, HEAD" }),
  );
  app.notFound((c) => c.json({ error: "not_found" }, 404));
  app.onError((error, c) => {
    log.error(
      { path: c.req.routePath, reason: redactText(`${error.name}: ${error.message}`) },
      "Request failed",
    );
    return c.json({ error: "internal_error" }, 500);
  });
  return app;
}
