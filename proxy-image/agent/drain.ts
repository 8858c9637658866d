import { requestsInFlight } from "./controlClient";
import type { Logger } from "./logs/logger";
import { sleep } from "./wait";

/** Nothing must be in flight this often in a row: a client between two calls is not gone. */
const quietLooks = 3;
const lookMs = 50;
const lookLimitMs = 500;
/** nginx holds idle connections (keepalive_min_timeout) after QUIT: nobody waits for those. */
const quitMs = 400;

export interface DrainOptions {
  controlSocket: string;
  /** Goes on serving this long after the health check turned 503, so that a load balancer stops sending first. */
  serveOnMs: number;
  /** Longest wait for that and for calls in flight, together. */
  limitMs: number;
  stopNginx: (graceMs: number) => Promise<void>;
  logger: Logger;
}

/** Ends serving without cutting a call off. The health check must be 503 already. */
export async function drain({
  controlSocket,
  serveOnMs,
  limitMs,
  stopNginx,
  logger,
}: DrainOptions): Promise<void> {
  const started = performance.now();
  await sleep(Math.min(serveOnMs, limitMs));
  const left = await waitUntilQuiet(controlSocket, limitMs - (performance.now() - started));
  if (left > 0) logger.warn({ requests: left }, "drain time is over with requests in flight");
  await stopNginx(quitMs);
  logger.info({ ms: Math.round(performance.now() - started) }, "drained");
}

/** @returns how many requests were in flight when the time was up; 0 when there were none left */
async function waitUntilQuiet(controlSocket: string, limitMs: number): Promise<number> {
  const end = performance.now() + limitMs;
  let quiet = 0;
  for (;;) {
    // An nginx that does not answer has nothing to wait for that we could see.
    const inFlight = await requestsInFlight(controlSocket, lookLimitMs).catch(() => 0);
    quiet = inFlight === 0 ? quiet + 1 : 0;
    if (quiet >= quietLooks) return 0;
    if (performance.now() >= end) return inFlight;
    await sleep(lookMs);
  }
}
