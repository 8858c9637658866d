import type { Backend, Status } from "./api";
import { button, element, setText, svg } from "./dom";
import type { NodeTraffic } from "./traffic";
import { number, percent, reasonWords } from "./words";

export const nameOf = (node: Backend) => node.name ?? node.url;

const heads = ["Node", "Verdict", "Height", "Behind", "Latency", "Traffic", "Errors", ""];

/** One network's nodes. Rows are kept and only what differs is written: 200 of them change every second. */
class NetworkCard {
  readonly card: HTMLElement;
  readonly #title = element("span");
  readonly #facts = element("span", { class: "quiet" });
  readonly #empty = element("p", { class: "empty bad" }, "No nodes: every call is answered with an error.");
  readonly #table: HTMLTableElement;
  readonly #body = element("tbody", { role: "rowgroup" });
  readonly #rows = new Map<string, NodeRow>();

  constructor(
    name: string,
    private readonly onManage: (node: Backend) => void,
  ) {
    const head = element(
      "tr",
      { role: "row" },
      ...heads.map((text, index) => {
        const attributes = { scope: "col", role: "columnheader", class: index >= 2 && index <= 6 ? "n" : "" };
        const hidden = element("span", { class: "hidden" }, "Actions");
        return element("th", attributes, text === "" ? hidden : text);
      }),
    );
    const caption = element("caption", { class: "hidden" }, `Nodes of ${name}`);
    // Roles by name: narrow screens lay the table out as cards, which takes its own roles away.
    this.#table = element(
      "table",
      { role: "table" },
      caption,
      element("thead", { role: "rowgroup" }, head),
      this.#body,
    );
    setText(this.#title, name);
    const title = element("h3", {}, this.#title, this.#facts);
    this.card = element("div", { class: "card" }, title, this.#empty, this.#table);
  }

  show(network: Status["networks"][number], nodes: Backend[], traffic: Map<string, NodeTraffic>): void {
    setText(
      this.#facts,
      `chain ${network.chain_id} · head ${number(network.reference_height)} · ${network.healthy_nodes} of ${network.nodes} healthy`,
    );
    this.#empty.hidden = nodes.length > 0;
    this.#table.hidden = nodes.length === 0;
    const present = new Set(nodes.map((node) => node.id));
    for (const [id, row] of this.#rows) {
      if (present.has(id)) continue;
      row.row.remove();
      this.#rows.delete(id);
    }
    nodes.forEach((node, index) => {
      let row = this.#rows.get(node.id);
      if (!row) {
        row = new NodeRow(this.onManage);
        this.#rows.set(node.id, row);
      }
      row.show(node, traffic.get(node.id), traffic.size > 0);
      if (this.#body.children[index] !== row.row) {
        this.#body.insertBefore(row.row, this.#body.children[index] ?? null);
      }
    });
  }
}

class NodeRow {
  readonly row = element("tr", { role: "row" });
  readonly #name = element("span");
  readonly #url = element("span", { class: "under" });
  readonly #verdict = element("span");
  readonly #tags = element("span");
  readonly #cells = heads.slice(2, 7).map((label) => {
    return element("td", { class: "n", role: "cell", "data-label": label });
  });
  readonly #bar = svg("rect", { class: "fill", height: 6, rx: 2, width: 0 });
  readonly #share = element("span");
  readonly #manage: HTMLButtonElement;
  #node: Backend | undefined;

  constructor(onManage: (node: Backend) => void) {
    this.#manage = button("Manage …", () => this.#node && onManage(this.#node));
    const track = svg("rect", { class: "track", height: 6, width: 58, rx: 2 });
    this.#cells[3]?.append(
      svg("svg", { class: "share", viewBox: "0 0 58 6", "aria-hidden": "true" }, track, this.#bar),
      this.#share,
    );
    this.row.append(
      element("th", { scope: "row", role: "rowheader" }, this.#name, this.#url),
      element("td", { role: "cell", class: "verdict" }, this.#verdict, " ", this.#tags),
      ...this.#cells,
      element("td", { role: "cell", class: "act" }, this.#manage),
    );
  }

  show(node: Backend, traffic: NodeTraffic | undefined, hasTraffic: boolean): void {
    this.#node = node;
    setText(this.#name, node.name ?? node.url);
    setText(this.#url, node.name === null ? "" : node.url);
    this.#manage.setAttribute("aria-label", `Manage ${nameOf(node)}`);
    const { text, mood } = verdictOf(node);
    setText(this.#verdict, text);
    this.#verdict.className = mood;
    const tags = tagsOf(node);
    if (this.#tags.textContent !== tags.join("")) {
      this.#tags.replaceChildren(...tags.map((tag) => element("span", { class: "tag" }, tag)));
    }
    const [height, lag, latency, , errors] = this.#cells;
    setText(height!, number(node.block_number));
    setText(lag!, number(node.lag));
    setText(latency!, node.latency_ms === null ? "–" : `${Math.round(node.latency_ms)} ms`);
    const share = traffic?.share ?? (hasTraffic ? 0 : undefined);
    setText(this.#share, share === undefined ? "–" : percent(share));
    this.#bar.setAttribute("width", String(Math.round((share ?? 0) * 58)));
    setText(errors!, traffic?.failed === undefined ? "–" : percent(traffic.failed));
    errors!.className = `n ${traffic?.failed ? "bad" : ""}`;
  }
}

function verdictOf(node: Backend): { text: string; mood: string } {
  if (node.reason === null) return { text: "○ not looked at yet", mood: "quiet" };
  if (!node.is_healthy) return { text: `✖ ${reasonWords(node.reason)}`, mood: "bad" };
  if (node.reason === "ok") return { text: "● healthy", mood: "good" };
  return { text: `● healthy, but ${reasonWords(node.reason)}`, mood: "warn" };
}

function tagsOf(node: Backend): string[] {
  return [
    node.is_leader ? "leader" : "",
    node.drained ? "drained" : "",
    node.in_pool || node.drained || node.is_leader || !node.is_healthy ? "" : "not in the pool",
    node.weight === 100 ? "" : `weight ${node.weight}`,
    node.monthly_credits === null
      ? ""
      : `${percent((node.credits_used ?? 0) / node.monthly_credits)} of the month's credits`,
  ].filter(Boolean);
}

/** The cards of all networks. */
export class NodeTable {
  readonly #cards = new Map<string, NetworkCard>();

  constructor(
    private readonly place: HTMLElement,
    private readonly onManage: (node: Backend) => void,
  ) {}

  show(status: Status, traffic: Map<string, NodeTraffic>): void {
    const names = new Set(status.networks.map((network) => network.name));
    for (const [name, card] of this.#cards) {
      if (names.has(name)) continue;
      card.card.remove();
      this.#cards.delete(name);
    }
    const nodes = status.nodes.toSorted(inOrder);
    for (const network of status.networks) {
      let card = this.#cards.get(network.name);
      if (!card) {
        card = new NetworkCard(network.name, this.onManage);
        this.#cards.set(network.name, card);
        this.place.append(card.card);
      }
      card.show(
        network,
        nodes.filter((node) => node.network === network.name),
        traffic,
      );
    }
  }
}

/** Stays the same from one look to the next: nobody wants to chase a row. */
function inOrder(a: Backend, b: Backend): number {
  return (
    Number(b.is_leader) - Number(a.is_leader) || nameOf(a).localeCompare(nameOf(b)) || (a.id < b.id ? -1 : 1)
  );
}
