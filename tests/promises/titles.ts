import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { fileOf } from "./promise";
import { areas } from "./promises";

const root = path.join(__dirname, "../..");

/** Full titles of the tests in the files that promises name, by file, as mocha knows them: it loads the files and runs nothing. */
export async function readTitles(): Promise<Map<string, string[]>> {
  const named = areas.flatMap(({ promises }) =>
    promises.flatMap(({ shownBy }) => Object.keys(shownBy).map(fileOf)),
  );
  const files = [...new Set(named)].sort();
  const folder = mkdtempSync(path.join(tmpdir(), "titles-"));
  const output = path.join(folder, "titles.json");
  const reporter = ["--reporter", "json", "--reporter-option", `output=${output}`];
  // Variables that make tests longer or shorter make their titles differ too.
  const { PATH, HOME, TMPDIR } = process.env;
  try {
    await promisify(execFile)(
      process.execPath,
      ["node_modules/mocha/bin/mocha.js", "--dry-run", ...reporter, ...files],
      { cwd: root, env: { PATH, HOME, TMPDIR } },
    );
    const { tests } = JSON.parse(readFileSync(output, "utf8")) as {
      tests: { file: string; fullTitle: string }[];
    };
    const titles = new Map<string, string[]>();
    for (const { file, fullTitle } of tests) {
      const name = path.relative(root, file).split(path.sep).join("/");
      titles.set(name, [...(titles.get(name) ?? []), fullTitle]);
    }
    return titles;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
