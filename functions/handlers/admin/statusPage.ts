import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { Backend } from "./presentation";
import type { Status } from "./status";

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 75rem; padding: 1rem; }
h1 { font-size: 1.25rem; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; } .wide { overflow-x: auto; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid #8884; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: #176b2c; } .bad { color: #b3261e; font-weight: 600; } .quiet { color: #6b6b6b; }
@media (prefers-color-scheme: dark) { .good { color: #7ddc95; } .bad { color: #ff8a80; } .quiet { color: #a0a0a0; } }
`;
const styleHash = createHash("sha256").update(style).digest("base64");

/** Nothing but this page's own style, whatever a node may be called. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

type Html = ReturnType<typeof html>;

/** The status as a page that needs no script: it loads itself again. */
export function statusPage(status: Status, refreshSeconds: number): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${refreshSeconds}">
<title>${titleOf(status)}</title>
<style>${raw(style)}</style>
</head>
<body>
<h1>jsonrpc-gateway</h1>
<p class="quiet">Last health check ${status.last_health_check ?? "none yet"} · seen ${status.at}</p>
${status.networks.map((network) => networkSection(status, network))}
${releaseSection(status)}
${taskSection(status)}
</body>
</html>`;
}

function titleOf(status: Status): string {
  const healthy = status.nodes.filter((node) => node.is_healthy).length;
  return `${healthy}/${status.nodes.length} healthy · jsonrpc-gateway`;
}

function networkSection(status: Status, network: Status["networks"][number]): Html {
  const nodes = status.nodes.filter((node) => node.network === network.name);
  return html`<h2>${network.name} <span class="quiet">chain ${network.chain_id} · head ${shown(network.reference_height)} · ${network.healthy_nodes} of ${network.nodes} healthy</span></h2>
${
  nodes.length === 0
    ? html`<p class="bad">No nodes: every call is answered with an error.</p>`
    : html`<div class="wide"><table>
<thead><tr><th scope="col">Node</th><th scope="col">URL</th><th scope="col">Verdict</th><th scope="col">Role</th><th scope="col" class="n">Height</th><th scope="col" class="n">Lag</th><th scope="col" class="n">Latency</th><th scope="col">Since</th></tr></thead>
<tbody>${nodes.map(nodeRow)}</tbody></table></div>`
}`;
}

function nodeRow(node: Backend): Html {
  return html`<tr><td title="${node.id}">${node.name ?? node.id}</td><td>${node.url}</td>${verdictCell(node)}<td>${roleOf(node)}</td><td class="n">${shown(node.block_number)}</td><td class="n">${shown(node.lag)}</td><td class="n">${node.latency_ms === null ? "–" : `${node.latency_ms} ms`}</td><td>${shown(node.since)}</td></tr>`;
}

function verdictCell(node: Backend): Html {
  if (node.reason === null) return html`<td class="quiet">not probed yet</td>`;
  if (node.is_healthy) {
    return html`<td class="good">healthy${node.reason === "ok" ? "" : ` (${node.reason})`}</td>`;
  }
  return html`<td class="bad">unhealthy: ${node.reason}</td>`;
}

function roleOf(node: Backend): string {
  const roles = [
    node.is_leader ? "leader" : "",
    node.drained ? "drained" : "",
    node.in_pool ? "in pool" : "",
  ];
  return roles.filter(Boolean).join(", ") || "–";
}

function releaseSection({ release, releases }: Status): Html {
  const newest = releases[0];
  return html`<h2>Release</h2>
<p>${release ? html`Version ${release.version}, published ${release.published_at} <span class="quiet">${release.sha256.slice(0, 12)}</span>` : "None yet."}</p>
${newest?.status === "bad" ? html`<p class="bad">Version ${newest.version} is bad: ${newest.note ?? ""}</p>` : ""}`;
}

function taskSection({ tasks, service }: Status): Html {
  return html`<h2>Tasks ${service ? html`<span class="quiet">${service.running_tasks} of ${service.desired_tasks} run${service.deployment_in_progress ? ", deployment under way" : ""}</span>` : ""}</h2>
${
  tasks.length === 0
    ? html`<p class="quiet">None has reported.</p>`
    : html`<div class="wide"><table>
<thead><tr><th scope="col">Task</th><th scope="col" class="n">Release</th><th scope="col">State</th><th scope="col">Reported</th></tr></thead>
<tbody>${tasks.map((task) => html`<tr><td>${task.id}</td><td class="n ${task.is_current ? "good" : "bad"}">${task.release_version}</td><td>${taskState(task)}</td><td>${task.reported_at}</td></tr>`)}</tbody></table></div>`
}`;
}

function taskState(task: Status["tasks"][number]): string {
  if (task.bad_release) return `refused release ${task.bad_release.version}: ${task.bad_release.note}`;
  return task.draining ? "draining" : "serving";
}

function shown(value: string | number | null): string {
  return value === null ? "–" : String(value);
}
