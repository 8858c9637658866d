import { getKeys, type KeyView, type Status } from "./api";
import type { Dialog } from "./dialog";
import { byId, element, setText } from "./dom";
import { askForKey, askToRevoke } from "./keyDialogs";
import { KeyTable } from "./keyTable";
import type { KeyTraffic } from "./traffic";

/** Keys change by an operator's hand only. */
const refreshMs = 15_000;
/** What a task reports at most: with fewer, a key that is not among them has made no call. */
const mostReported = 20;
/** More would be no list to read; the search finds the others. */
const mostShown = 100;
const searchedFrom = 10;

/** The keys of callers, where the gateway has such a thing. */
export class KeySection {
  readonly #section = byId("keys");
  readonly #note = element("p", { class: "note quiet" });
  readonly #search = element("input", { type: "search", "aria-label": "Find a key by name or id" });
  readonly #table: KeyTable;
  #keys: KeyView[] = [];
  #loadedAtMs = -refreshMs;
  #status: Status | undefined;
  #traffic = new Map<string, KeyTraffic>();

  constructor(dialog: Dialog) {
    this.#table = new KeyTable((key) => askToRevoke(dialog, key));
    this.#search.placeholder = "Find a key by name or id";
    this.#search.addEventListener("input", () => this.#draw());
    byId("key-list").append(this.#note, this.#search, this.#table.table);
    byId("create").addEventListener("click", () => this.#status && askForKey(dialog, this.#status));
  }

  /** Keys are asked for again at the next look. */
  expire(): void {
    this.#loadedAtMs = -refreshMs;
  }

  async show(status: Status, traffic: Map<string, KeyTraffic>): Promise<void> {
    this.#status = status;
    this.#traffic = traffic;
    const now = performance.now();
    if (now - this.#loadedAtMs >= refreshMs) {
      this.#loadedAtMs = now;
      try {
        this.#keys = await getKeys();
        this.#section.hidden = false;
      } catch {
        // Not shown yet: nobody may see keys here. Shown: what was there is still the best to know.
        return;
      }
    }
    this.#draw();
  }

  #draw(): void {
    if (!this.#status) return;
    const wanted = this.#search.value.trim().toLowerCase();
    const found = this.#keys.filter(({ id, name }) => `${name}\n${id}`.toLowerCase().includes(wanted));
    const shown = found.slice(-mostShown);
    this.#search.hidden = this.#keys.length < searchedFrom && wanted === "";
    const { keys, tasks } = this.#status;
    const isComplete = keys.required && tasks.every((task) => task.calls_by_key.length < mostReported);
    const none = isComplete && tasks.length > 0 ? { calls: 0, perSecond: undefined } : undefined;
    this.#table.show(shown, (id) => this.#traffic.get(id) ?? none, keys);
    const { text, mood } = this.#words(this.#status.keys.required, found.length, shown.length);
    setText(this.#note, text);
    this.#note.hidden = text === "";
    this.#note.className = `note ${mood}`;
  }

  #words(isRequired: boolean, found: number, shown: number): { text: string; mood: string } {
    const parts: string[] = [];
    if (isRequired && this.#keys.length === 0) {
      return { text: "Only callers with a key are served, and there is no key yet.", mood: "bad" };
    }
    if (!isRequired) {
      parts.push("Callers are served without a key too. Make keys first, then switch requireKeys on.");
    }
    if (this.#keys.length > 0 && found === 0) parts.push("No key has this name or id.");
    if (shown < found) parts.push(`The ${shown} newest of ${found} are shown.`);
    return { text: parts.join(" "), mood: "quiet" };
  }
}
