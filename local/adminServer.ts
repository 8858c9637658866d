import { once } from "node:events";
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { systemClock } from "../functions/adapters/systemClock";
import type { Settings } from "../functions/domain/settings";
import { createAdminApp } from "../functions/handlers/admin/app";
import { buildPage } from "../functions/handlers/admin/buildPage";
import { loopbackHosts } from "../functions/handlers/admin/dependencies";
import type { Log } from "../functions/ports/log";
import type { ServiceDeployer } from "../functions/ports/serviceDeployer";
import type { Workflow } from "../functions/ports/workflow";
import type { Networks } from "./networks";
import { portError } from "./process/freePort";
import type { Storage } from "./storage";

export interface AdminServerParts {
  port: number;
  storage: Storage;
  networks: Networks;
  settings: Settings;
  workflow: Workflow;
  deployer: ServiceDeployer;
  log: Log;
}

/** The admin API and status page, on loopback only: whoever can use this machine may. */
export async function serveAdmin(parts: AdminServerParts): Promise<{ close: () => Promise<void> }> {
  const { port, storage, networks, settings, workflow, deployer, log } = parts;
  const app = createAdminApp({
    registry: storage.registry,
    workflow,
    deployer,
    clock: systemClock,
    networks: async () => networks.table,
    settings,
    allowedHosts: loopbackHosts,
    page: buildPage(),
    log,
  });
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }) as Server;
  await Promise.race([
    once(server, "listening"),
    once(server, "error").then(([error]) => Promise.reject(portError("ADMIN_PORT", port, error.code))),
  ]);
  return {
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
