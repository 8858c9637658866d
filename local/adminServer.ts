import { once } from "node:events";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { systemClock } from "../functions/adapters/systemClock";
import type { Settings } from "../functions/domain/settings";
import type { Log } from "../functions/ports/log";
import type { Workflow } from "../functions/ports/workflow";
import type { Networks } from "./networks";
import type { Storage } from "./storage";

export interface AdminServerParts {
  port: number;
  storage: Storage;
  networks: Networks;
  settings: Settings;
  workflow: Workflow;
  log: Log;
}

/** The admin API on loopback. */
export async function serveAdmin(parts: AdminServerParts): Promise<{ close: () => Promise<void> }> {
  const app = new Hono();
  app.get("/status", async (c) =>
    c.json({
      nodes: await parts.storage.registry.listStates(),
      tasks: await parts.storage.registry.listTasks(),
      at: systemClock.now(),
    }),
  );
  const server = serve({ fetch: app.fetch, port: parts.port, hostname: "127.0.0.1" });
  await once(server, "listening");
  return {
    close: async () => {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}
