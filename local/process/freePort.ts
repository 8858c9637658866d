import { once } from "node:events";
import net from "node:net";
import { StartError } from "./startError";

/**
 * Makes sure that a port can be listened on, before anything is started that would fail on it.
 * @param variable what the operator changes to get another port
 * @throws StartError
 */
export async function assertPortIsFree(variable: string, port: number, host: string): Promise<void> {
  const server = net.createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    throw portError(variable, port, (error as NodeJS.ErrnoException).code);
  }
  server.close();
  await once(server, "close");
}

export function portError(variable: string, port: number, code: string | undefined): StartError {
  const why =
    code === "EADDRINUSE"
      ? "is in use by another program"
      : code === "EACCES"
        ? "may not be listened on by this user"
        : `can't be listened on (${code})`;
  return new StartError(
    `${variable}: port ${port} ${why}: give another one, as in ${variable}=${port + 100} npm start`,
  );
}
