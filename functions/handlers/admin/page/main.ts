import {
  getEvents,
  getHistory,
  getStatus,
  type HistoryAnswer,
  type Status,
  unpin,
  type WindowName,
} from "./api";
import { Chart } from "./chart";
import { Dialog } from "./dialog";
import { button, byId, element, setText } from "./dom";
import { KeySection } from "./keySection";
import { showEvents, showRelease, showStanding, showTasks } from "./lists";
import { askForNode, manageNode } from "./nodeDialogs";
import { NodeTable, nameOf } from "./nodeTable";
import { type ChartName, Series, windowSeconds } from "./series";
import { TrafficMeter } from "./traffic";
import { clockTime, rate } from "./words";

const pollMs = 2000;
/** History has a point a minute. */
const historyMs = 30_000;
const windowNames: Record<WindowName, string> = { "15m": "15 min", "1h": "1 hour", "24h": "24 hours" };

const palette = ["#3b7ddd", "#d9762b", "#2f9e6e", "#a259c4", "#c9a227", "#d6457c"];
const statusColours: Record<string, string[]> = {
  "2": ["#2f9e6e", "#7bc8a4"],
  "3": ["#3b7ddd"],
  "4": ["#c9a227", "#d9762b", "#b08968"],
  "5": ["#d64545", "#a259c4", "#8a2f2f"],
};
const byIndex = (_key: string, index: number) => palette[index % palette.length]!;
const byStatus = (key: string) => {
  const shades = statusColours[key[0] ?? ""] ?? palette;
  return shades[Number(key.slice(1)) % shades.length] ?? shades[0]!;
};

/** Everything on the page, brought up to date by asking the gateway again and again. */
class Page {
  readonly #meter = new TrafficMeter();
  readonly #series = new Series();
  readonly #dialog = new Dialog(() => this.#lookAgain());
  readonly #nodes = new NodeTable(byId("networks"), (node) => manageNode(this.#dialog, node));
  readonly #keys = new KeySection(this.#dialog);
  readonly #charts: Record<ChartName, Chart> = {
    requests: new Chart({
      title: "Requests per second, by status",
      format: (value) => `${rate(value)}/s`,
      colour: byStatus,
      empty: "No requests yet.",
    }),
    lag: new Chart({
      title: "Blocks behind the leader, by node",
      format: String,
      isWhole: true,
      colour: byIndex,
      empty: "No heights yet.",
    }),
    healthy: new Chart({
      title: "Healthy nodes, by network",
      format: String,
      isWhole: true,
      colour: byIndex,
      empty: "No health check yet.",
    }),
  };
  #window: WindowName = "15m";
  #history: HistoryAnswer | undefined;
  #historyAtMs = -historyMs;
  #status: Status | undefined;
  #isLooking = false;

  start(): void {
    byId("charts").append(...Object.values(this.#charts).map((chart) => chart.figure));
    this.#offerWindows();
    byId("add").addEventListener("click", () => askForNode(this.#dialog, this.#status?.networks ?? []));
    document.addEventListener("visibilitychange", () => void this.#look());
    setInterval(() => void this.#look(), pollMs);
    void this.#look();
  }

  #offerWindows(): void {
    for (const [name, label] of Object.entries(windowNames) as [WindowName, string][]) {
      const input = element("input", { type: "radio", name: "window", value: name });
      input.checked = name === this.#window;
      input.addEventListener("change", () => {
        this.#window = name;
        this.#history = undefined;
        this.#historyAtMs = -historyMs;
        void this.#loadHistory().then(() => this.#draw());
      });
      byId("windows").append(element("label", {}, input, element("span", {}, label)));
    }
  }

  /** Something was done here. */
  #lookAgain(): void {
    this.#keys.expire();
    void this.#look();
  }

  async #look(): Promise<void> {
    if (this.#isLooking || document.hidden) return;
    this.#isLooking = true;
    try {
      const [status, events] = await Promise.all([getStatus(), getEvents(), this.#loadHistory()]);
      this.#show(status);
      await this.#keys.show(status, this.#meter.keys());
      showEvents(byId("events"), events);
      byId("problem").hidden = true;
    } catch {
      // What it was is of no use here: the next look comes soon.
      byId("problem").hidden = false;
      setText(byId("problem"), "The gateway does not answer. What you see may be old; trying again …");
    } finally {
      this.#isLooking = false;
    }
  }

  async #loadHistory(): Promise<void> {
    const now = performance.now();
    if (now - this.#historyAtMs < historyMs) return;
    this.#historyAtMs = now;
    const asked = this.#window;
    try {
      const history = await getHistory(asked);
      if (asked === this.#window) this.#history = history;
    } catch {
      this.#historyAtMs = now - historyMs + pollMs;
    }
  }

  #show(status: Status): void {
    this.#status = status;
    this.#meter.take(status);
    this.#series.take(status, this.#meter.rates());
    showStanding(byId("standing"), status);
    const checked = status.last_health_check;
    setText(
      byId("freshness"),
      `Health check ${checked ? clockTime(checked) : "not yet"} · seen ${clockTime(status.at)}`,
    );
    this.#nodes.show(status, this.#meter.nodes());
    showRelease(byId("release"), status);
    showTasks(byId("tasks"), status);
    this.#showPin(status);
    this.#draw();
  }

  #draw(): void {
    const names = new Map(this.#status?.nodes.map((node) => [node.id, nameOf(node)]));
    const labels: Record<ChartName, (key: string) => string> = {
      requests: (status) => status,
      lag: (id) => names.get(id) ?? `removed ${id}`,
      healthy: (network) => network,
    };
    for (const [name, chart] of Object.entries(this.#charts) as [ChartName, Chart][]) {
      const data = this.#series.chart(name, this.#window, this.#history, labels[name]);
      chart.show(data, windowSeconds[this.#window]);
    }
  }

  #showPin({ pinned_version: version }: Status): void {
    const place = byId("pin");
    place.hidden = version === null;
    if (version === null || place.dataset.version === String(version)) return;
    place.dataset.version = String(version);
    const end = button("Publish again …", () =>
      this.#dialog.confirm({
        title: "Publish releases again",
        question: "What the registry says now is rendered and rolled out.",
        confirm: "Publish again",
        run: unpin,
      }),
    );
    const words = `The gateway went back to release ${version}: changes of nodes and health are not rolled out.`;
    place.replaceChildren(element("span", {}, words), end);
  }
}

new Page().start();
