const lookMs = 500;

/** Calls back once when the process that started us is gone (killed, so that it could not tell us to stop). */
export function watchParent(onGone: () => void): NodeJS.Timeout {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, lookMs);
  return timer;
}
