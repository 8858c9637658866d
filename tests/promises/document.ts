import { fileOf, type Promised } from "./promise";
import { areas } from "./promises";

type Titles = ReadonlyMap<string, readonly string[]>;

const heading = `# What the proxy promises, and the tests that show it

Made from the titles of the tests by \`npm run docs\`; the promises are in \`tests/promises\`. P0 holds in every release, P1 is wanted in
each. The tests run against a real nginx unless they are about another part. Where a title has "…", several tests differ there.
`;

/** The tests whose full title holds a part. */
export function testsOf(titles: Titles, file: string, part: string): string[] {
  return (titles.get(fileOf(file)) ?? []).filter((title) => title.includes(part));
}

/** The content of docs/behaviour.md. */
export function documentBehaviour(titles: Titles): string {
  const sections = areas.map(({ title, promises }) => {
    const rows = promises
      .filter(({ open }) => open === undefined)
      .map((promise) => `| ${cell(promise.promise)} | ${promise.priority} | ${shown(titles, promise)} |`);
    return `## ${title}\n\n| promise | priority | shown by |\n|---|---|---|\n${rows.join("\n")}\n`;
  });
  const open = areas.flatMap(({ promises }) => promises.filter((promise) => promise.open !== undefined));
  const rows = open.map(
    ({ promise, priority, open: why = "" }) => `| ${cell(promise)} | ${priority} | ${cell(why)} |`,
  );
  const notYet = `## Not yet\n\n| promise | priority | why |\n|---|---|---|\n${rows.join("\n")}\n`;
  return [heading, ...sections, ...(open.length > 0 ? [notYet] : [])].join("\n");
}

function shown(titles: Titles, { shownBy }: Promised): string {
  return Object.entries(shownBy)
    .map(([file, parts]) => {
      const lines = parts.map((part) => cell(summary(testsOf(titles, file, part))));
      return [`[${file}](../${fileOf(file)})`, ...lines].join("<br>");
    })
    .join("<br>");
}

/** One title as it is; several by what they have in common. */
export function summary(titles: readonly string[]): string {
  const [first = "", ...others] = titles;
  if (others.length === 0) return first;
  const words = titles.map((title) => title.split(" "));
  const before = common(words);
  const rest = words.map((list) => list.slice(before.length).reverse());
  const after = common(rest).reverse();
  return [...before, "…", ...after, `(${titles.length} tests)`].join(" ");
}

/** The words that all lists begin with. */
function common(lists: readonly string[][]): string[] {
  const [first = []] = lists;
  const length = first.findIndex((word, index) => lists.some((list) => list[index] !== word));
  return length < 0 ? [...first] : first.slice(0, length);
}

/** Text within a table's cell, shown as it is but for code between backticks. */
const cell = (text: string): string =>
  text
    .split("`")
    .map((part, index) =>
      index % 2 === 0 ? part.replace(/[\\*~[\]]|\b_\B|\B_\b/g, "\\$&").replace(/</g, "&lt;") : part,
    )
    .join("`")
    .replace(/\|/g, "\\|")
    .replace(/\n/g, " ");
