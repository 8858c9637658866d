import { rm } from "node:fs/promises";
import { Hub } from "./feed/hub";
import { LiveKeys } from "./liveKeys";
import { Metrics } from "./metrics";
import { followPool } from "./poolFile";
import { Road } from "./road/road";
import { Gateway } from "./server/gateway";
import type { SocketLimits } from "./server/limits";
import { SocketServer } from "./server/server";

export interface SocketsOptions {
  /** Where nginx passes sockets to: a unix socket, or a port of this machine (0: any free one). */
  listen: { path: string } | { port: number; host: string };
  /** Where nginx takes calls. */
  calls: { socketPath: string } | { port: number };
  poolFile: string;
  /** Where the agent puts the keys of callers, if callers need any. */
  keysFile: string;
  limits: SocketLimits;
  drainSeconds: number;
  callTimeoutSeconds: number;
  maxAnswerBytes: number;
}

/** The running gateway. */
export interface Sockets {
  server: SocketServer;
  metrics: Metrics;
  hub: Hub;
  /** Closes in good order. */
  stop(): Promise<void>;
}

/** nginx answers each call in its time; this many slow ones at once block nobody else. */
const maxConnections = 1024;

/** Puts the parts together and listens. */
export async function startSockets(options: SocketsOptions): Promise<Sockets> {
  const { listen, calls, limits, maxAnswerBytes } = options;
  const metrics = new Metrics();
  const road = new Road({ ...calls, maxConnections, maxAnswerBytes });
  const hub = new Hub(road, metrics);
  const subscribeTimeoutMs = options.callTimeoutSeconds * 1000;
  const gateway = new Gateway({ road, hub, metrics, limits, subscribeTimeoutMs });
  const keys = new LiveKeys(options.keysFile);
  const server = new SocketServer({ gateway, metrics, limits, keys });
  let unfollow = () => {};
  await new Promise<void>((resolve) => {
    // Sockets before the first release is known would be told that their network is unknown; without one there is nothing to wait for.
    const timer = setTimeout(resolve, 1_000);
    unfollow = followPool(options.poolFile, (pool, generation) => {
      hub.usePool(pool);
      keys.require(pool.requiresKey);
      server.useGeneration(generation);
      clearTimeout(timer);
      resolve();
    });
  });
  // Left behind by a process that was killed.
  if ("path" in listen) await rm(listen.path, { force: true });
  await server.listen(listen);
  return {
    server,
    metrics,
    hub,
    stop: async () => {
      await server.drain(options.drainSeconds * 1000);
      unfollow();
      keys.require(false);
      road.close();
    },
  };
}
