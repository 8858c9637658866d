import { button, byId, element, setText } from "./dom";

export interface Choice {
  title: string;
  /** What will happen, in a sentence. */
  question: string;
  confirm: string;
  isDangerous?: boolean;
  run: () => Promise<unknown>;
}

/** The page's one dialog. What it held is gone from the page when it closes: forms hold node URLs and keys. */
export class Dialog {
  readonly #dialog = byId("dialog") as HTMLDialogElement;
  #mayLeave: () => boolean = () => true;

  constructor(private readonly onDone: () => void) {
    this.#dialog.addEventListener("close", () => {
      if (!this.#dialog.open) this.#dialog.replaceChildren();
    });
    this.#dialog.addEventListener("cancel", (event) => {
      if (!this.#mayLeave()) event.preventDefault();
    });
  }

  /** @param mayLeave asked when Escape is pressed */
  open(title: string, content: Node[], mayLeave = () => true): void {
    this.#mayLeave = mayLeave;
    this.#dialog.replaceChildren(element("h2", { id: "dialog-title" }, title), ...content);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  close(): void {
    this.#dialog.close();
  }

  /** Does something after a second word. */
  confirm({ title, question, confirm, isDangerous, run }: Choice): void {
    const problem = problemLine();
    const yes = button(confirm, () => this.run(yes, problem, run), isDangerous ? "danger" : "primary");
    const no = button("Cancel", () => this.close());
    this.open(title, [element("p", {}, question), problem, actions(no, yes)]);
    no.focus();
  }

  /** Opens a form; what `send` throws is shown in it. */
  ask(title: string, fields: Node[], submit: string, send: () => Promise<unknown>): void {
    const problem = problemLine();
    const yes = element("button", { type: "submit", class: "primary" }, submit);
    const no = button("Cancel", () => this.close());
    const form = element("form", { novalidate: "" }, ...fields, problem, actions(no, yes));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(yes, problem, send);
    });
    this.open(title, [form]);
    form.querySelector("input")?.focus();
  }

  /** The dialog closes when it is done, unless there is more to say: then `run` resolves to `stay`. */
  private run(by: HTMLButtonElement, problem: HTMLElement, run: () => Promise<unknown>): void {
    by.disabled = true;
    run().then(
      (result) => {
        if (result !== stay) this.close();
        this.onDone();
      },
      (error: unknown) => {
        by.disabled = false;
        setText(problem, error instanceof Error ? error.message : String(error));
      },
    );
  }
}

export const stay = Symbol("stay");

export const actions = (...buttons: HTMLElement[]) => element("div", { class: "actions" }, ...buttons);

/** An input with its label. */
export function field(label: string, attributes: Record<string, string>): [HTMLElement, HTMLInputElement] {
  const input = element("input", { autocomplete: "off", ...attributes });
  return [element("label", {}, label, input), input];
}

/** What is no number is sent as such, so that the gateway refuses it: a limit must not get lost. */
export function numberIn({ value }: HTMLInputElement): number | undefined {
  return value.trim() === "" ? undefined : Number(value);
}

const problemLine = () => element("p", { class: "bad", role: "alert" });
