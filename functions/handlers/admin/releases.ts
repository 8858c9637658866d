import { type Context, Hono } from "hono";
import type { AdminDependencies } from "./dependencies";
import { toReleaseView } from "./presentation";
import { startRun } from "./startRun";

const releasesKnown = 100;

/** `/releases`: what has been published, and going back to one of them. */
export function releaseRoutes(dependencies: AdminDependencies): Hono {
  const { registry } = dependencies;
  const app = new Hono();
  app.get("/", async (c) => {
    const [releases, current, pin] = await Promise.all([
      registry.listReleases(releasesKnown),
      registry.currentRelease(),
      registry.pinnedRelease(),
    ]);
    return c.json({
      current_version: current?.version ?? null,
      pinned_version: pin?.version ?? null,
      releases: releases.map(toReleaseView),
    });
  });
  app.delete("/pin", async (c) => {
    await registry.pinRelease(undefined);
    await startRun(dependencies, "render");
    return c.body(null, 204);
  });
  app.get("/:version", async (c) => {
    const release = await find(dependencies, c.req.param("version"));
    return release ? c.json(toReleaseView(release)) : notFound(c);
  });
  app.post("/:version/rollback", (c) => rollBack(dependencies, c, c.req.param("version")));
  app.all("/", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "GET, HEAD" }));
  app.all("/pin", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "DELETE" }));
  app.all("/:version", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "GET, HEAD" }));
  app.all("/:version/rollback", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "POST" }));
  return app;
}

/**
 * What ran as this version runs again, as a new version, and stays until the pin is taken back: otherwise the next health check
 * would render what the registry says and be ahead of it again.
 */
async function rollBack(dependencies: AdminDependencies, c: Context, version: string): Promise<Response> {
  const { registry, clock } = dependencies;
  const release = await find(dependencies, version);
  if (!release) return notFound(c);
  if (release.status === "bad") {
    const message = "No proxy can run this release.";
    return c.json({ error: "bad_release", message }, 409);
  }
  await registry.pinRelease({
    version: release.version,
    sha256: release.sha256,
    pinnedAt: clock.now().toISOString(),
  });
  await startRun(dependencies, "render");
  return c.json({ pinned_version: release.version, sha256: release.sha256 });
}

async function find({ registry }: AdminDependencies, version: string) {
  if (!/^[1-9]\d{0,9}$/.test(version)) return undefined;
  const releases = await registry.listReleases(releasesKnown);
  return releases.find((release) => release.version === Number(version));
}

function notFound(c: Context): Response {
  return c.json({ error: "not_found" }, 404);
}
