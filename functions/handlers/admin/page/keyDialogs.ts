import { type CreatedKeyView, createKey, type KeyView, revokeKey, type Status } from "./api";
import { actions, type Dialog, field, numberIn, stay } from "./dialog";
import { button, element, setText } from "./dom";

const dayMs = 86_400_000;
const terms: [label: string, days: number][] = [
  ["never", 0],
  ["in a day", 1],
  ["in 7 days", 7],
  ["in 30 days", 30],
  ["in 90 days", 90],
  ["in a year", 365],
];

/** Makes a key from what the operator says it may do, and shows it. */
export function askForKey(dialog: Dialog, { networks, keys }: Status): void {
  const [nameLabel, name] = field("Whose key is it? Shown in logs and metrics", {
    ...{ name: "name", required: "", maxlength: "64", placeholder: "shop" },
  });
  const usual = keys.rate_per_second === null ? "no limit" : String(keys.rate_per_second);
  const [rateLabel, rate] = field("Calls a second, on each task", {
    ...{ name: "rate", inputmode: "decimal", placeholder: usual },
  });
  const [burstLabel, burst] = field("Calls at once after a rest", {
    ...{ name: "burst", inputmode: "numeric", placeholder: String(keys.burst) },
  });
  const expiry = element("select", { name: "expiry" });
  for (const [label, days] of terms) expiry.append(element("option", { value: String(days) }, label));
  const boxes = networks.map(({ name: value }) =>
    element("input", { type: "checkbox", name: "network", value }),
  );
  const [originsLabel, origins] = field("Only from pages of these origins, comma-separated", {
    ...{ name: "origins", spellcheck: "false", placeholder: "https://app.example.org" },
  });
  const [methodsLabel, methods] = field("Only these methods, * as wildcard, comma-separated", {
    ...{ name: "methods", spellcheck: "false", placeholder: "eth_*, net_version" },
  });
  const fields = [
    nameLabel,
    element("div", { class: "beside" }, rateLabel, burstLabel),
    element("label", {}, "Expires", expiry),
    ...(boxes.length > 1 ? [networkChoice(boxes)] : []),
    element("details", {}, element("summary", {}, "More limits"), originsLabel, methodsLabel),
  ];
  dialog.ask("Create a key", fields, "Create key", async () => {
    const days = Number(expiry.value);
    const made = await createKey({
      name: name.value.trim(),
      networks: filled(boxes.filter((box) => box.checked).map((box) => box.value)),
      rate_per_second: numberIn(rate),
      burst: numberIn(burst),
      expires_at: days === 0 ? undefined : new Date(Date.now() + days * dayMs).toISOString(),
      origins: filled(listIn(origins)),
      methods: filled(listIn(methods)),
    });
    showKey(dialog, made, networks);
    return stay;
  });
}

export function askToRevoke(dialog: Dialog, { id, name }: KeyView): void {
  dialog.confirm({
    title: `Revoke the key of ${name}`,
    question: `Within five seconds calls with ${id} are answered with 401, and its sockets are closed. It can't be taken back.`,
    confirm: "Revoke",
    isDangerous: true,
    run: () => revokeKey(id),
  });
}

/** The only time that the key's text is on the page: it goes when the dialog closes. */
function showKey(dialog: Dialog, made: CreatedKeyView, networks: Status["networks"]): void {
  const said = element("p", { role: "status", class: "quiet" }, "It is shown this once. Copy it now.");
  const text = element("code", { class: "secret", tabindex: "0", "aria-label": "Key" }, made.key);
  let isSafe = false;
  const copy = button(
    "Copy",
    () => {
      isSafe = true;
      copyText(text).then(
        () => setText(said, "Copied. It can't be shown again."),
        () => setText(said, "The browser lets nothing be copied: the key is selected, copy it by hand."),
      );
    },
    "primary",
  );
  const network = made.networks?.[0] ?? networks.find((one) => one.is_default)?.name ?? "";
  const use = `It goes behind the network in the address (/${network}/<key>), or into the header Authorization: Bearer <key>.`;
  const done = button("Done", () => dialog.close());
  dialog.open(`The key of ${made.name}`, [text, said, element("p", {}, use), actions(done, copy)], () => {
    const mayLeave = isSafe;
    if (!mayLeave) setText(said, "Not copied yet, and it can't be shown again. Escape once more closes it.");
    isSafe = true;
    return mayLeave;
  });
  copy.focus();
}

/** @throws where the browser does not let pages write to the clipboard; the text is selected then */
async function copyText(place: HTMLElement): Promise<void> {
  getSelection()?.selectAllChildren(place);
  await navigator.clipboard.writeText(place.textContent ?? "");
}

function networkChoice(boxes: HTMLInputElement[]): HTMLElement {
  const labels = boxes.map((box) => element("label", { class: "inline" }, box, box.value));
  const legend = element("legend", {}, "Networks; none ticked: all");
  return element("fieldset", { class: "ticks" }, legend, ...labels);
}

const listIn = ({ value }: HTMLInputElement) => value.split(/[\s,]+/).filter((one) => one !== "");
const filled = (list: string[]) => (list.length > 0 ? list : undefined);
