import type { KeyView, Status } from "./api";
import { button, element, setText } from "./dom";
import type { KeyTraffic } from "./traffic";
import { duration, number, rate } from "./words";

const heads = ["Key", "State", "Networks", "Rate", "Calls", "Created", ""];
const soonMs = 7 * 86_400_000;

/** Keys, newest last. Rows stay while their keys do. */
export class KeyTable {
  readonly table: HTMLTableElement;
  readonly #body = element("tbody", { role: "rowgroup" });
  readonly #rows = new Map<string, KeyRow>();

  constructor(private readonly onRevoke: (key: KeyView) => void) {
    const cells = heads.map((text) => {
      const hidden = element("span", { class: "hidden" }, "Actions");
      const attributes = { scope: "col", role: "columnheader", class: isNumber(text) ? "n" : "" };
      return element("th", attributes, text === "" ? hidden : text);
    });
    this.table = element(
      "table",
      { role: "table", class: "keys" },
      element("caption", { class: "hidden" }, "Keys of callers"),
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...cells)),
      this.#body,
    );
  }

  show(keys: KeyView[], trafficOf: (id: string) => KeyTraffic | undefined, usual: Status["keys"]): void {
    this.table.hidden = keys.length === 0;
    const present = new Set(keys.map((key) => key.id));
    for (const [id, { row }] of this.#rows) {
      if (present.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    keys.forEach((key, index) => {
      let row = this.#rows.get(key.id);
      if (!row) {
        row = new KeyRow(key, () => this.onRevoke(key));
        this.#rows.set(key.id, row);
      }
      row.show(key, trafficOf(key.id), usual);
      if (this.#body.children[index] !== row.row) {
        this.#body.insertBefore(row.row, this.#body.children[index] ?? null);
      }
    });
  }
}

const isNumber = (head: string) => head === "Rate" || head === "Calls";

class KeyRow {
  readonly row = element("tr", { role: "row" });
  readonly #state = element("td", { class: "verdict", role: "cell" });
  readonly #rate = element("span");
  readonly #calls = element("span");
  readonly #now = element("span", { class: "under" });

  /** What a key allows does not change, so it is written once. */
  constructor(key: KeyView, onRevoke: () => void) {
    const revoke = button("Revoke …", onRevoke);
    revoke.setAttribute("aria-label", `Revoke ${key.name}, ${key.id}`);
    const cell = (label: string, ...children: (Node | string)[]) => {
      const attributes = { role: "cell", "data-label": label, class: isNumber(label) ? "n" : "" };
      return element("td", attributes, ...children);
    };
    this.row.append(
      element("th", { scope: "row", role: "rowheader" }, key.name, ...limitsOf(key).map(under)),
      this.#state,
      cell("Networks", key.networks?.join(", ") ?? "all"),
      cell("Rate", this.#rate, ...(key.burst === null ? [] : [under(`${number(key.burst)} at once`)])),
      cell("Calls", this.#calls, this.#now),
      cell("Created", new Date(key.when_created).toLocaleDateString()),
      element("td", { role: "cell", class: "act" }, revoke),
    );
  }

  show(key: KeyView, traffic: KeyTraffic | undefined, usual: Status["keys"]): void {
    setText(this.#rate, rateOf(key, usual));
    const { text, mood } = stateOf(key);
    setText(this.#state, text);
    this.#state.className = `verdict ${mood}`;
    setText(this.#calls, number(traffic?.calls));
    setText(this.#now, traffic?.perSecond === undefined ? "" : `${rate(traffic.perSecond)}/s`);
  }
}

const under = (text: string) => element("span", { class: "under" }, text);

function limitsOf({ id, methods, origins }: KeyView): string[] {
  return [
    id,
    methods === null ? "" : `only ${methods.join(", ")}`,
    origins === null ? "" : `from ${origins.join(", ")}`,
  ].filter(Boolean);
}

function rateOf(key: KeyView, usual: Status["keys"]): string {
  const perSecond = key.rate_per_second ?? usual.rate_per_second;
  return perSecond === null ? "no limit" : `${number(perSecond)}/s`;
}

function stateOf({ is_expired, expires_at: at }: KeyView): { text: string; mood: string } {
  const leftMs = at === null ? Number.POSITIVE_INFINITY : Date.parse(at) - Date.now();
  if (is_expired || leftMs <= 0) return { text: `✖ expired ${duration(-leftMs)} ago`, mood: "bad" };
  if (at === null) return { text: "● in force", mood: "good" };
  return { text: `● in force for ${duration(leftMs)} more`, mood: leftMs < soonMs ? "warn" : "good" };
}
