import Table from "cli-table3";

export interface Output {
  /** One line for people; nothing with `--json`. */
  say(line: string): void;
  /** The answer itself, for scripts; nothing without `--json`. */
  json(value: unknown): void;
  table(heads: string[], rows: (string | number | null)[][]): void;
}

const bare = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "mid", "left-mid", "mid-mid", "right-mid"]
    .concat(["bottom", "bottom-mid", "bottom-left", "bottom-right", "left", "right"])
    .map((part) => [part, ""]),
);

/** Tables for people, or JSON for scripts. */
export function createOutput(asJson: boolean, write: (text: string) => void): Output {
  const say = (line: string) => {
    if (!asJson) write(`${printable(line)}\n`);
  };
  return {
    say,
    json: (value) => {
      if (asJson) write(`${JSON.stringify(value, null, 2)}\n`);
    },
    table: (heads, rows) => {
      if (asJson) return;
      const table = new Table({
        head: heads,
        chars: { ...bare, middle: "  " },
        style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
      });
      table.push(...rows.map((row) => row.map((cell) => printable(cell === null ? "–" : String(cell)))));
      for (const line of table.toString().split("\n")) write(`${line.trimEnd()}\n`);
    },
  };
}

/** One line without control characters: a node's name must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ");
}
