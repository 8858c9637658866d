"use strict";
const { writeFileSync } = require("node:fs");
const { Spec } = require("mocha").reporters;

/** mocha's usual report, and the counts as JSON for tests/run.cjs, which sums several runs up. */
module.exports = class CountingReporter extends Spec {
  constructor(runner, options) {
    super(runner, options);
    this.skipped = [];
    runner.on("pending", (test) => this.skipped.push(test.fullTitle()));
  }

  done(failures, callback) {
    const { passes, failures: failed } = this.stats;
    const counts = { passed: passes, failed, skipped: this.skipped };
    if (process.env.TEST_COUNTS_FILE) writeFileSync(process.env.TEST_COUNTS_FILE, JSON.stringify(counts));
    callback(failures);
  }
};
