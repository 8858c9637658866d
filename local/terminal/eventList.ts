import type { NodeRow, Snapshot } from "./snapshot";

const kept = 6;
const longest = 160;
const shownLevels: Record<string, "yellow" | "red"> = { warn: "yellow", error: "red", fatal: "red" };
/** pino's numbers, where no formatter has put names in their place. */
const numberedLevels: Record<number, string> = { 40: "warn", 50: "error", 60: "fatal" };

export interface Event {
  /** `HH:MM:SS` */
  time: string;
  text: string;
  colour?: "green" | "yellow" | "red";
}

/** The newest things worth a line on the terminal. */
export class EventList {
  #events: Event[] = [];
  #last: Snapshot | undefined;

  get newest(): Event[] {
    return this.#events;
  }

  /** Takes a JSON log line; only warnings and errors are shown. */
  addLogLine(line: string): void {
    let entry: { level?: string | number; source?: string; msg?: string; reason?: string };
    try {
      entry = JSON.parse(line);
    } catch {
      return;
    }
    const level = typeof entry.level === "number" ? numberedLevels[entry.level] : entry.level;
    const colour = shownLevels[level ?? ""];
    // A node that doesn't answer shows in the table; nginx has a line for every call that found out.
    if (!colour || (entry.source === "nginx" && /upstream/.test(entry.msg ?? ""))) return;
    const text = [entry.msg, entry.reason].filter(Boolean).join(": ");
    this.#add(printable(text), colour);
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
    const what = node.healthy ? "healthy" : `unhealthy: ${node.reason}`;
    this.#add(`${node.name ?? node.id} ${node.url} ${what}`, node.healthy ? "green" : "red");
  }

  #add(text: string, colour?: Event["colour"]): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.#events = [...this.#events, { time, text, colour }].slice(-kept);
  }
}

/** One line without control characters: a node's words must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, longest);
}
