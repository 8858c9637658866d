"use strict";
const { writeFileSync } = require("node:fs");
const { Spec } = require("mocha").reporters;

/** How much of an error the end of a run repeats; the whole of it stands where the test ran. */
const maxErrorLength = 1500;

/** mocha's usual report, and what came of it as JSON for tests/run.cjs, which sums several runs up. */
module.exports = class CountingReporter extends Spec {
  constructor(runner, options) {
    super(runner, options);
    this.skipped = [];
    this.failed = [];
    runner.on("pending", (test) => this.skipped.push(test.fullTitle()));
    runner.on("fail", (test, error) => {
      const text = String(error?.stack ?? error?.message ?? error);
      this.failed.push({ title: test.fullTitle(), error: text.slice(0, maxErrorLength), file: test.file });
    });
  }

  done(failures, callback) {
    const { passes, failures: failed } = this.stats;
    const counts = { passed: passes, failed, failures: this.failed, skipped: this.skipped };
    if (process.env.TEST_COUNTS_FILE) writeFileSync(process.env.TEST_COUNTS_FILE, JSON.stringify(counts));
    callback(failures);
  }
};
