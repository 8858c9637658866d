import { once } from "node:events";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";

/** DynamoDB on loopback, kept in a folder by LevelDB. */
export async function startDynamoEmulator(
  folder: string,
  port: number,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = dynalite({ path: folder, createTableMs: 0 });
  server.listen(port, "127.0.0.1");
  await Promise.race([
    once(server, "listening"),
    once(server, "error").then(([error]) => Promise.reject(error as Error)),
  ]);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        // It closes the database once the last connection is gone: idle ones would keep it waiting.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
