import type { NodeRow, Snapshot } from "./snapshot";
import type { Style } from "./style";

const kept = 6;
const longest = 160;
const shownLevels: Record<string, "yellow" | "red"> = { warn: "yellow", error: "red", fatal: "red" };
/** pino's numbers, where no formatter has put names in their place. */
const numberedLevels: Record<number, string> = { 40: "warn", 50: "error", 60: "fatal" };

/** The newest things worth a line on the terminal. */
export class EventList {
  #lines: string[] = [];
  #last: Snapshot | undefined;

  constructor(private readonly style: Style) {}

  get newest(): string[] {
    return this.#lines;
  }

  /** Takes a JSON log line; only warnings and errors are shown. */
  addLogLine(line: string): void {
    let entry: { level?: string | number; msg?: string; reason?: string };
    try {
      entry = JSON.parse(line);
    } catch {
      return;
    }
    const level = typeof entry.level === "number" ? numberedLevels[entry.level] : entry.level;
    const colour = shownLevels[level ?? ""];
    if (!colour) return;
    const text = [entry.msg, entry.reason].filter(Boolean).join(": ");
    this.#add(this.style(colour, printable(text)));
  }

  /** Notes what is different from the last time. */
  compare(snapshot: Snapshot): void {
    const before = new Map(this.#last?.nodes.map((node) => [node.id, node]));
    if (this.#last) {
      for (const node of snapshot.nodes) this.#compareNode(before.get(node.id), node);
      const { version } = snapshot.release ?? {};
      if (version !== undefined && version !== this.#last.release?.version) this.#add(`release ${version}`);
    }
    this.#last = snapshot;
  }

  #compareNode(before: NodeRow | undefined, node: NodeRow): void {
    if (before?.healthy === node.healthy || node.healthy === undefined) return;
    if (before === undefined && node.healthy) return;
    const what = node.healthy
      ? this.style("green", "healthy")
      : this.style("red", `unhealthy: ${node.reason}`);
    this.#add(`${node.name ?? node.id} ${node.url} ${what}`);
  }

  #add(text: string): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.#lines = [...this.#lines, `${this.style("dim", time)} ${text}`].slice(-kept);
  }
}

/** One line without control characters: a node's words must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, longest);
}
