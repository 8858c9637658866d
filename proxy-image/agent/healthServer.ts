import { chmod, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";

/** Another agent answers on this run directory's socket. */
export class RunDirectoryInUseError extends Error {
  override readonly name = "RunDirectoryInUseError";
}

/**
 * Answers `/health` on a unix socket: nginx passes the load balancer's question on to it, and the container's own check
 * asks it directly.
 */
export async function startHealthServer(socketPath: string, isHealthy: () => boolean): Promise<Server> {
  await rm(socketPath, { force: true });
  const server = createServer((request, response) => {
    const known = request.url === "/health" && (request.method === "GET" || request.method === "HEAD");
    const status = !known ? 404 : isHealthy() ? 200 : 503;
    const body = status === 200 ? "ok\n" : status === 503 ? "unavailable\n" : "not found\n";
    response.writeHead(status, { "content-type": "text/plain", "cache-control": "no-store" }).end(body);
  });
  // nginx keeps connections to us: they must not hold up our end, nor may we close one that it is about to use.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(socketPath, resolve);
  });
  server.on("error", () => {});
  // nginx's workers run as another user when its master is root. The folder decides who gets here.
  await chmod(socketPath, 0o666);
  return server;
}
