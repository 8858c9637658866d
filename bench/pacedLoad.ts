import { setTimeout as sleep } from "node:timers/promises";
import { RawConnection } from "../tests/support/rawHttp";

export interface Paced {
  requests: number;
  /** Of the times they took, in ms. */
  p50: number;
  p99: number;
}

/** Timers here are no finer than a millisecond, and often late by one. */
const longestDelayMs = 2;

/**
 * Sends requests evenly spread over time, whether the answers to earlier ones have come or not, as independent clients do. Load generators
 * that limit the rate of each connection send a second's worth at once and then pause: that measures full load, and idle caches.
 * @param body of the next request
 */
export async function pacedLoad(
  url: string,
  perSecond: number,
  seconds: number,
  body: () => string,
): Promise<Paced> {
  const { port, pathname } = new URL(url);
  const idle: RawConnection[] = [];
  const all: RawConnection[] = [];
  const latencies: number[] = [];
  const underWay = new Set<Promise<void>>();
  const send = async () => {
    const connection = idle.pop() ?? new RawConnection(Number(port));
    if (!all.includes(connection)) all.push(connection);
    const text = body();
    const sentAt = performance.now();
    const answer = await connection.send(
      Buffer.from(
        `POST ${pathname} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      ),
    );
    latencies.push(performance.now() - sentAt);
    if (typeof answer === "string" || answer.status !== 200)
      throw new Error(`${url}: ${typeof answer === "string" ? answer : answer.status}`);
    idle.push(connection);
  };
  try {
    let startedAt = performance.now();
    const most = perSecond * seconds;
    for (let sent = 0; sent < most; ) {
      // What a pause of this process or of the machine has held up is not made up for: all at once it would be another load.
      const late = performance.now() - startedAt - (sent / perSecond) * 1000 - longestDelayMs;
      if (late > 0) startedAt += late;
      const due = Math.min(most, Math.floor(((performance.now() - startedAt) / 1000) * perSecond) + 1);
      while (sent < due) {
        const one: Promise<void> = send().finally(() => underWay.delete(one));
        underWay.add(one);
        sent++;
      }
      await sleep(1);
    }
    await Promise.all(underWay);
    return { requests: latencies.length, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
  } finally {
    for (const connection of all) connection.close();
  }
}

/** @param share 0.5 for the median */
function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
