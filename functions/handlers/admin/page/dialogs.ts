import { addNode, type Backend, changeNode, removeNode, type Status } from "./api";
import { button, byId, element, setText } from "./dom";
import { nameOf } from "./nodeTable";

interface Choice {
  title: string;
  /** What will happen, in a sentence. */
  question: string;
  confirm: string;
  isDangerous?: boolean;
  run: () => Promise<unknown>;
}

/** What an operator does to the gateway. Nothing happens without a second word. */
export class Dialogs {
  readonly #dialog = byId("dialog") as HTMLDialogElement;

  constructor(private readonly onDone: () => void) {}

  manage(node: Backend): void {
    const choices = choicesFor(node);
    this.#open(
      `Manage ${nameOf(node)}`,
      element("p", { class: "quiet" }, `${node.network} · ${node.url} · ${node.id}`),
      element(
        "div",
        { class: "actions" },
        ...choices.map((choice) => button(`${choice.title} …`, () => this.confirm(choice))),
        button("Close", () => this.#dialog.close()),
      ),
    );
  }

  confirm(choice: Choice): void {
    const problem = element("p", { class: "bad", role: "alert" });
    const yes = button(
      choice.confirm,
      () => {
        yes.disabled = true;
        choice.run().then(
          () => {
            this.#dialog.close();
            this.onDone();
          },
          (error: unknown) => {
            yes.disabled = false;
            setText(problem, error instanceof Error ? error.message : String(error));
          },
        );
      },
      choice.isDangerous ? "danger" : "primary",
    );
    const no = button("Cancel", () => this.#dialog.close());
    this.#open(
      choice.title,
      element("p", {}, choice.question),
      problem,
      element("div", { class: "actions" }, no, yes),
    );
    no.focus();
  }

  add(networks: Status["networks"]): void {
    const form = element("form", { novalidate: "" });
    const url = field(form, "URL", {
      name: "url",
      type: "url",
      required: "",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "https://mainnet.example/v3/key",
    });
    const name = field(form, "Name (may be left out)", {
      name: "name",
      maxlength: "64",
      autocomplete: "off",
    });
    const network = element("select", { name: "network" });
    for (const one of networks) network.append(element("option", { value: one.name }, one.name));
    form.append(element("label", {}, "Network", network));
    const leader = element("input", { type: "checkbox", name: "leader" });
    form.append(element("label", { class: "inline" }, leader, "Heights are compared with it (leader)"));
    const problem = element("p", { class: "bad", role: "alert" });
    const submit = element("button", { type: "submit", class: "primary" }, "Add node");
    const cancel = button("Cancel", () => this.#dialog.close());
    form.append(problem, element("div", { class: "actions" }, cancel, submit));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit.disabled = true;
      const node = {
        url: url.value.trim(),
        network: network.value || undefined,
        is_leader: leader.checked,
        name: name.value.trim() || undefined,
      };
      addNode(node).then(
        () => {
          this.#dialog.close();
          this.onDone();
        },
        (error: unknown) => {
          submit.disabled = false;
          setText(problem, error instanceof Error ? error.message : String(error));
        },
      );
    });
    this.#open("Add a node", form);
    url.focus();
  }

  #open(title: string, ...content: Node[]): void {
    this.#dialog.replaceChildren(element("h2", { id: "dialog-title" }, title), ...content);
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

function field(form: HTMLFormElement, label: string, attributes: Record<string, string>): HTMLInputElement {
  const input = element("input", attributes);
  form.append(element("label", {}, label, input));
  return input;
}

function choicesFor(node: Backend): Choice[] {
  const name = nameOf(node);
  const drain: Choice = node.drained
    ? {
        title: "Take back into service",
        question: `${name} takes calls again as soon as it is healthy.`,
        confirm: "Take back",
        run: () => changeNode(node.id, { drained: false }),
      }
    : {
        title: "Drain",
        question: `${name} gets no new calls until it is taken back. Calls under way come to their end.`,
        confirm: "Drain",
        run: () => changeNode(node.id, { drained: true }),
      };
  const lead: Choice = node.is_leader
    ? {
        title: "Make it an ordinary node",
        question: `Heights in ${node.network} are no longer compared with ${name}; it takes calls like every other node.`,
        confirm: "Make ordinary",
        run: () => changeNode(node.id, { is_leader: false }),
      }
    : {
        title: "Make leader",
        question: `Heights in ${node.network} are compared with ${name}; it takes calls only when no other node is healthy.`,
        confirm: "Make leader",
        run: () => changeNode(node.id, { is_leader: true }),
      };
  const remove: Choice = {
    title: "Remove",
    question: `${name} leaves the gateway, its URL is forgotten.`,
    confirm: "Remove",
    isDangerous: true,
    run: () => removeNode(node.id),
  };
  return [drain, lead, remove];
}
