/**
 * Calls `action` every `intervalMs`, on a fixed clock: a slow call does not move the later ones, and after the machine
 * slept the missed ones are left out.
 * @returns ends it
 */
export function onSchedule(intervalMs: number, action: () => void): () => void {
  const origin = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const next = () => {
    const elapsed = performance.now() - origin;
    const due = (Math.floor(elapsed / intervalMs) + 1) * intervalMs;
    timer = setTimeout(() => {
      next();
      action();
    }, due - elapsed);
  };
  next();
  return () => clearTimeout(timer);
}
