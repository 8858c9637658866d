"use strict";

module.exports = {
  require: ["tsx/cjs"],
  extension: ["ts"],
  timeout: 20_000,
  // A test that leaves something open is reported by the tests of what is left running; here it must not hang the run.
  exit: true,
};
