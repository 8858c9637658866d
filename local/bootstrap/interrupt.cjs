"use strict";

/**
 * Turns SIGINT, SIGTERM and SIGHUP into an AbortSignal until `release` is called.
 * What is set up here is given up cleanly: the process ends with exit code 0, as for every stop that was asked for.
 */
function interruptible() {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of signals) process.on(name, stop);
  return {
    signal: controller.signal,
    release() {
      for (const name of signals) process.off(name, stop);
    },
  };
}

module.exports = { interruptible };
