import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "./startError";

/**
 * Makes sure that a port can be listened on, before anything is started that would fail on it.
 * @param variable what the operator changes to get another port
 * @param waitMs time that whoever has it is given to let go of it
 * @throws StartError
 */
export async function assertPortIsFree(
  variable: string,
  port: number,
  { host, waitMs = 0 }: { host: string; waitMs?: number },
): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await listenOnce(variable, port, host);
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await sleep(100);
    }
  }
}

async function listenOnce(variable: string, port: number, host: string): Promise<void> {
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
    `${variable}: port ${port} ${why}: give another one, as in ${variable}=${port > 65_000 ? port - 100 : port + 100} npm start`,
  );
}
