import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { systemClock } from "../../functions/adapters/systemClock";
import type { Settings } from "../../functions/domain/settings";
import { createAdminApp } from "../../functions/handlers/admin/app";
import { buildPage } from "../../functions/handlers/admin/buildPage";
import { loopbackHosts } from "../../functions/handlers/admin/dependencies";
import type { Registry } from "../../functions/ports/registry";
import { adminSettings, MemoryDeployer, MemoryLog } from "../support/controlPlane";

/** The admin API as the local run serves it, on a registry that the test fills. */
export async function serveAdminApp(
  registry: Registry,
  settings: Partial<Settings> = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const networks = [
    { name: "mainnet", chainId: 1 },
    { name: "base", chainId: 8453 },
  ];
  const app = createAdminApp({
    registry,
    workflow: { start: async () => undefined },
    deployer: new MemoryDeployer(),
    clock: systemClock,
    networks: async () => ({ networks, defaultNetwork: "mainnet" }),
    settings: { ...adminSettings, ...settings },
    allowedHosts: loopbackHosts,
    page: buildPage(),
    log: new MemoryLog(),
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server;
  if (!server.listening) await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
