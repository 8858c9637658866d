import { addNode, type Backend, changeNode, removeNode, type Status } from "./api";
import { actions, type Choice, type Dialog, field, numberIn } from "./dialog";
import { button, element } from "./dom";
import { nameOf } from "./nodeTable";

/** What can be done with a node. */
export function manageNode(dialog: Dialog, node: Backend): void {
  const choices = choicesFor(node).map((choice) => button(`${choice.title} …`, () => dialog.confirm(choice)));
  const facts = element("p", { class: "quiet" }, `${node.network} · ${node.url} · ${node.id}`);
  const close = button("Close", () => dialog.close());
  dialog.open(`Manage ${nameOf(node)}`, [facts, actions(...choices, close)]);
}

export function askForNode(dialog: Dialog, networks: Status["networks"]): void {
  const [urlLabel, url] = field("URL", {
    name: "url",
    type: "url",
    required: "",
    spellcheck: "false",
    placeholder: "https://mainnet.example/v3/key",
  });
  const [nameLabel, name] = field("Name (may be left out)", { name: "name", maxlength: "64" });
  const network = element("select", { name: "network" });
  for (const one of networks) network.append(element("option", { value: one.name }, one.name));
  const [weightLabel, weight] = field("Weight, its share of traffic", {
    ...{ name: "weight", inputmode: "numeric", placeholder: "100" },
  });
  const [rpsLabel, rps] = field("Calls a second, from each task", {
    ...{ name: "rps", inputmode: "decimal", placeholder: "no limit" },
  });
  const [onceLabel, once] = field("Calls at once, from each task", {
    ...{ name: "once", inputmode: "numeric", placeholder: "no limit" },
  });
  const [creditsLabel, credits] = field("Calls a month", {
    ...{ name: "credits", inputmode: "numeric", placeholder: "no limit" },
  });
  const [wsLabel, ws] = field("WebSocket URL, where that is another one", {
    ...{ name: "ws", type: "url", spellcheck: "false", placeholder: "wss://mainnet.example/v3/key" },
  });
  const leader = element("input", { type: "checkbox", name: "leader" });
  const fields = [
    urlLabel,
    nameLabel,
    element("label", {}, "Network", network),
    element("label", { class: "inline" }, leader, "Heights are compared with it (leader)"),
    element(
      "details",
      {},
      element("summary", {}, "Limits of its plan, and more"),
      element("div", { class: "beside" }, weightLabel, creditsLabel, rpsLabel, onceLabel),
      wsLabel,
    ),
  ];
  dialog.ask("Add a node", fields, "Add node", () =>
    addNode({
      url: url.value.trim(),
      network: network.value || undefined,
      is_leader: leader.checked,
      name: name.value.trim() || undefined,
      weight: numberIn(weight),
      max_rps: numberIn(rps),
      max_concurrency: numberIn(once),
      monthly_credits: numberIn(credits),
      ws_url: ws.value.trim() || undefined,
    }),
  );
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
