/** How often time is counted. */
const tickMs = 50;
/** At most this much of the time between two ticks counts: the rest we were not there to see an answer. */
const mostPerTickMs = 2 * tickMs;
/** Whatever happens, a deadline is over after this many times its length. */
const hardLimit = 3;

interface Deadline {
  remainingMs: number;
  endsAt: number;
  controller: AbortController;
}

const deadlines = new Set<Deadline>();
let timer: NodeJS.Timeout | undefined;
let lastTick = 0;

/**
 * A signal that aborts after `timeoutMs` in which this process was awake. On a busy or sleeping machine, or in a frozen
 * Lambda, answers that have long arrived are read late: that must not look as if they had come late.
 * @returns the signal, and how to end it early
 */
export function awakeDeadline(timeoutMs: number): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const deadline = {
    remainingMs: timeoutMs,
    endsAt: performance.now() + hardLimit * timeoutMs,
    controller,
  };
  deadlines.add(deadline);
  if (!timer) {
    lastTick = performance.now();
    timer = setInterval(tick, tickMs);
  }
  return {
    signal: controller.signal,
    end: () => {
      deadlines.delete(deadline);
      stopIfIdle();
      controller.abort();
    },
  };
}

function tick(): void {
  const now = performance.now();
  const awakeMs = Math.min(now - lastTick, mostPerTickMs);
  lastTick = now;
  for (const deadline of deadlines) {
    deadline.remainingMs -= awakeMs;
    if (deadline.remainingMs > 0 && now < deadline.endsAt) continue;
    deadlines.delete(deadline);
    deadline.controller.abort();
  }
  stopIfIdle();
}

function stopIfIdle(): void {
  if (deadlines.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
