import { Listr, type ListrTask } from "listr2";
import { createLogUpdate } from "log-update";
import { pino } from "pino";
import { renderDashboard } from "./dashboard";
import { EventList } from "./eventList";
import type { Logger } from "./log";
import type { Snapshot, Snapshots } from "./snapshot";
import { styleFor } from "./style";
import type { Step, View } from "./view";

const refreshMs = 500;
const showCursor = "\u001b[?25h";

/** For people: set-up steps with their progress, then a table that is always true. */
export class TerminalView implements View {
  readonly #stream = sized(process.stdout);
  readonly #style = styleFor(process.stdout, process.env);
  readonly #draw = createLogUpdate(this.#stream);
  readonly #events = new EventList();
  readonly logger: Logger = pino({ base: null }, { write: (line: string) => this.#events.addLogLine(line) });
  readonly agentLines = (line: string): void => this.#events.addLogLine(line);
  #timer: NodeJS.Timeout | undefined;
  #show: (() => void) | undefined;
  #lines = "";

  async runSteps(groups: Step[][]): Promise<void> {
    // A group is shown when its turn comes; each step keeps its line.
    for (const group of groups) {
      await new Listr(group.map(toTask), {
        concurrent: true,
        exitOnError: true,
        registerSignalListeners: false,
        rendererOptions: { collapseErrors: false, showErrorMessage: false },
      }).run();
    }
  }

  serving(urls: { proxyUrl: string; adminUrl: string }, snapshots: Snapshots): void {
    let snapshot: Snapshot | undefined;
    this.#show = () => {
      if (!snapshot) return;
      this.#lines = renderDashboard({
        snapshot,
        ...urls,
        events: this.#events.newest,
        columns: this.#stream.columns,
        rows: this.#stream.rows,
        style: this.#style,
      });
      this.#draw(`\n${this.#lines}`);
    };
    const refresh = async () => {
      try {
        snapshot = await snapshots.take(Date.now());
        this.#events.compare(snapshot);
        this.#show?.();
      } catch {
        // The registry is away: the last picture stays.
      }
      if (this.#show) this.#timer = setTimeout(refresh, refreshMs);
    };
    this.#stream.on("resize", this.#onResize);
    void refresh();
  }

  stopping(): void {
    clearTimeout(this.#timer);
    this.#stream.off("resize", this.#onResize);
    if (this.#show) this.#draw(`\n${this.#lines.replace("Ctrl-C ends it.", "Stopping …")}`);
    this.#show = undefined;
    this.#draw.done();
  }

  async close(): Promise<void> {
    this.#stream.write(showCursor);
  }

  readonly #onResize = () => {
    // What was drawn for another width has been wrapped by the terminal: nobody knows how many lines it is now.
    this.#stream.write("\u001b[2J\u001b[H");
    this.#draw.clear();
    this.#show?.();
  };
}

/** Some terminals (of containers, of CI) say that they have no size at all: one letter a line would be shown, or nothing. */
function sized(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  stream.columns ||= 80;
  stream.rows ||= 24;
  return stream;
}

function toTask({ title, run }: Step): ListrTask {
  return {
    title,
    task: (_, task) =>
      run((line) => {
        task.output = line;
      }),
  };
}
