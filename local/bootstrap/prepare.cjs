"use strict";
const { ensureDependencies, InstallError } = require("./dependencies.cjs");
const { interruptible } = require("./interrupt.cjs");

/**
 * Makes TypeScript files loadable in this process: brings the npm packages if they are missing, registers tsx.
 * Ends the process with exit code 0 when a signal asks for it meanwhile, with 1 and one line when that fails.
 */
module.exports = async function prepare() {
  const interrupt = interruptible();
  try {
    await ensureDependencies((line) => process.stderr.write(`${line}\n`), interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) process.exit(0);
    if (!(error instanceof InstallError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  if (interrupt.signal.aborted) process.exit(0);
  interrupt.release();
  require("tsx/cjs/api").register();
};
