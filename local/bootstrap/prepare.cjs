"use strict";
const { interruptible } = require("./interrupt.cjs");

/**
 * Makes TypeScript files loadable in this process and loads one: brings the npm packages if they are missing, registers
 * tsx. Ends the process with exit code 0 when a signal asks for it meanwhile, with 1 and one line when that fails.
 * @param {() => void} load loads the file; from then on signals are its affair
 */
module.exports = async function prepare(load) {
  // First of all: what comes takes a while, and may be given up at any moment.
  const interrupt = interruptible();
  const { ensureDependencies, InstallError } = require("./dependencies.cjs");
  try {
    await ensureDependencies((line) => process.stderr.write(`${line}\n`), interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) process.exit(0);
    if (!(error instanceof InstallError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  // A signal that came is told at the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  if (interrupt.signal.aborted) process.exit(0);
  require("tsx/cjs/api").register();
  try {
    load();
  } catch (error) {
    // A terminal's Ctrl-C also ends the compiler that tsx has started, which then fails.
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (interrupt.signal.aborted) process.exit(0);
    throw error;
  }
  interrupt.release();
};
