import { setTimeout as sleep } from "node:timers/promises";

export { sleep };

/** Asks until the answer is neither `undefined` nor `false`. @returns undefined when time is up */
export async function waitFor<T>(
  ask: () => Promise<T | undefined | false>,
  deadlineMs: number,
  everyMs = 15,
): Promise<T | undefined> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() >= end) return undefined;
    await sleep(everyMs);
  }
}

/** Something took longer than it may. */
class TimeLimitError extends Error {
  override readonly name = "TimeLimitError";
}

/** The outcome of `work`, or a TimeLimitError; what `work` does after its time is ignored. */
export async function withTimeLimit<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeLimitError(`${what} took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
