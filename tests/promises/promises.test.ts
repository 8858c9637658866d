import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "mocha";
import { documentBehaviour, summary, testsOf } from "./document";
import { fileOf, type Promised } from "./promise";
import { areas } from "./promises";
import { readTitles } from "./titles";

const root = path.join(__dirname, "../..");
const promises: Promised[] = areas.flatMap((area) => area.promises);

describe("promises", () => {
  let titles: Awaited<ReturnType<typeof readTitles>>;
  before(async function () {
    this.timeout(60_000);
    titles = await readTitles();
  });

  it("each name a test, or say why there is none yet", () => {
    const without = promises.filter(
      ({ shownBy, open }) => open === undefined && Object.values(shownBy).flat().length === 0,
    );
    assert.deepEqual(without, []);
    assert.equal(new Set(promises.map(({ promise }) => promise)).size, promises.length);
  });

  it("name no test that is missing", () => {
    const missing = promises.flatMap(({ shownBy }) =>
      Object.entries(shownBy).flatMap(([file, parts]) =>
        existsSync(path.join(root, fileOf(file)))
          ? parts.filter((part) => testsOf(titles, file, part).length === 0).map((part) => `${file}: ${part}`)
          : [fileOf(file)],
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("are told in docs/behaviour.md as they are: npm run docs writes it", () => {
    const text = readFileSync(path.join(root, "docs/behaviour.md"), "utf8");
    assert.ok(text === documentBehaviour(titles), "run npm run docs, and commit docs/behaviour.md");
  });

  it("show several tests by the words that their titles have in common", () => {
    assert.equal(summary(["a is b"]), "a is b");
    assert.equal(summary(["it says 1 to all", "it says 2 3 to all"]), "it says … to all (2 tests)");
    assert.equal(summary(["one", "one more"]), "one … (2 tests)");
  });
});
