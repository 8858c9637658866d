import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type Command, InvalidArgumentError } from "commander";
import { Hono } from "hono";
import { loopbackHosts } from "../../functions/handlers/admin/dependencies";
import { limitBody, refuseForeign, requireJson, secureHeaders } from "../../functions/handlers/admin/guards";
import { type AdminClient, CliError } from "../adminClient";
import { contextOf } from "../context";

/** Headers of the admin API that reach the browser. */
const passed = ["content-type", "content-security-policy", "allow", "location"];

export function addDashboard(program: Command): void {
  program
    .command("dashboard")
    .option("--port <number>", "port on loopback; any free one if 0", portNumber, 8547)
    .description("serves the status page on this machine and signs its calls, until Ctrl-C")
    .action(async ({ port }: { port: number }, command: Command) => {
      const { client, output } = contextOf(command);
      await client.get("status");
      const server = await serveDashboard(client, port);
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      output.json({ url });
      output.say(`The status page is at ${url} (Ctrl-C ends it).`);
      await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
      server.closeAllConnections();
      server.close();
    });
}

/** The remote page and API under an address of this machine: whoever may use this machine may use them, no web page may. */
async function serveDashboard(client: AdminClient, port: number): Promise<Server> {
  const app = new Hono();
  app.use(secureHeaders, refuseForeign(loopbackHosts), requireJson, limitBody);
  app.all("*", async (c) => {
    const { pathname, search } = new URL(c.req.url);
    const hasBody = ["POST", "PATCH", "PUT"].includes(c.req.method);
    const answer = await client.send(
      c.req.method,
      pathname + search,
      hasBody ? await c.req.text() : undefined,
    );
    const headers: Record<string, string> = {};
    for (const name of passed) {
      const value = answer.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    const body = answer.status === 204 ? null : await answer.text();
    return new Response(body, { status: answer.status, headers });
  });
  app.onError((error, c) =>
    c.json(
      { error: "bad_gateway", message: error instanceof CliError ? error.message : "It does not answer." },
      502,
    ),
  );
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }) as Server;
  await Promise.race([
    server.listening ? undefined : once(server, "listening"),
    once(server, "error").then(([error]) => {
      throw new CliError(`Port ${port} can't be used (${(error as NodeJS.ErrnoException).code}).`);
    }),
  ]);
  return server;
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("Give a port.");
  return Number(text);
}
