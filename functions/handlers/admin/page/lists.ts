import type { EventView, Status } from "./api";
import { element, setText } from "./dom";
import { clockTime, duration, eventWords } from "./words";

/** Puts the list anew only when it says something else. */
function replace(list: HTMLElement, items: { text: string; make: () => HTMLElement }[]): void {
  const key = JSON.stringify(items.map((item) => item.text));
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...items.map((item) => item.make()));
}

export function showEvents(list: HTMLElement, events: EventView[]): void {
  const items = events.map((event) => {
    const { text, mood } = eventWords(event);
    return {
      text: event.at + text,
      make: () =>
        element(
          "li",
          {},
          element("time", { class: "quiet", datetime: event.at }, clockTime(event.at)),
          element("span", { class: mood }, text),
        ),
    };
  });
  const nothing = { text: "", make: () => element("li", { class: "quiet" }, "Nothing yet.") };
  replace(list, items.length > 0 ? items : [nothing]);
}

export function showRelease(place: HTMLElement, { release, releases, service }: Status): void {
  const newest = releases[0];
  const parts = [
    release
      ? `Release ${release.version} is in force, published ${clockTime(release.published_at)}.`
      : "No release yet.",
    service
      ? `${service.running_tasks} of ${service.desired_tasks} tasks run${service.deployment_in_progress ? ", a deployment is under way" : ""}.`
      : "",
  ];
  const bad =
    newest?.status === "bad" ? `Release ${newest.version} was refused: ${newest.note ?? "no reason"}` : "";
  const key = parts.join(" ") + bad;
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(element("p", {}, parts.join(" ")));
  if (bad) place.append(element("p", { class: "bad" }, bad));
}

export function showTasks(list: HTMLElement, { tasks, at }: Status): void {
  const items = tasks.map((task) => {
    const mood = task.is_current ? "good" : "warn";
    const state = task.bad_release
      ? `refused release ${task.bad_release.version}: ${task.bad_release.note}`
      : task.draining
        ? "draining"
        : "serving";
    const up = duration(Date.parse(at) - Date.parse(task.started_at));
    return {
      text: `${task.id} ${task.release_version} ${mood} ${state} ${up}`,
      make: () =>
        element(
          "li",
          {},
          element("span", { class: mood }, `release ${task.release_version}`),
          element("span", {}, `${task.id} · ${state} · up ${up}`),
        ),
    };
  });
  const nothing = { text: "", make: () => element("li", { class: "quiet" }, "No task has reported.") };
  replace(list, items.length > 0 ? items : [nothing]);
}

/** One sentence that changes only when something matters: screen readers say it then. */
export function showStanding(target: HTMLElement, { nodes, networks }: Status): void {
  const healthy = nodes.filter((node) => node.is_healthy).length;
  const dead = networks.filter((network) => network.nodes > 0 && network.healthy_nodes === 0);
  const words =
    dead.length > 0
      ? `No healthy node in ${dead.map((network) => network.name).join(", ")}`
      : `${healthy} of ${nodes.length} nodes healthy`;
  setText(target, words);
  target.className = dead.length > 0 || nodes.length === 0 ? "bad" : healthy < nodes.length ? "warn" : "good";
  document.title = `${healthy}/${nodes.length} healthy · jsonrpc-gateway`;
}
