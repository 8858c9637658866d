import Table from "cli-table3";
import type { Event } from "./eventList";
import type { NodeRow, Snapshot } from "./snapshot";
import type { Style } from "./style";

export interface DashboardInput {
  snapshot: Snapshot;
  proxyUrl: string;
  adminUrl: string;
  /** Newest last. */
  events: Event[];
  /** Width of the terminal. */
  columns: number;
  style: Style;
}

interface Column {
  title: string;
  /** The terminal must be this wide for the column to be shown. */
  from: number;
  align?: "right";
  cell: (node: NodeRow, style: Style) => string;
}

const columns: Column[] = [
  { title: "network", from: 110, cell: (node) => node.network },
  { title: "node", from: 0, cell: (node, style) => nodeName(node, style) },
  { title: "URL", from: 80, cell: (node) => node.url },
  { title: "height", from: 60, align: "right", cell: (node) => show(node.height?.toLocaleString("en")) },
  { title: "lag", from: 0, align: "right", cell: (node) => show(node.lag) },
  {
    title: "latency",
    from: 90,
    align: "right",
    cell: (node) => (node.latencyMs === undefined ? "–" : `${Math.round(node.latencyMs)} ms`),
  },
  { title: "verdict", from: 0, cell: verdict },
  {
    title: "share",
    from: 70,
    align: "right",
    cell: (node) => (node.share === undefined ? "–" : `${Math.round(node.share * 100)} %`),
  },
];

const noBorders = { top: "", "top-mid": "", "top-left": "", "top-right": "" };
const lineBelowHead = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };
const chars = {
  ...noBorders,
  ...lineBelowHead,
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  right: "",
  middle: "  ",
};

/** The live picture of a run, as lines that fit the terminal. */
export function renderDashboard(input: DashboardInput): string {
  const { snapshot, style, events } = input;
  const parts = [
    `${style("bold", "proxy")}  ${style("cyan", input.proxyUrl)}    ${style("bold", "admin")}  ${style("cyan", input.adminUrl)}`,
    releaseLine(snapshot, style),
    "",
    nodeTable(snapshot.nodes, input.columns, style),
    "",
    ...tryLines(input.proxyUrl, style),
    ...(events.length > 0 ? ["", ...events.map((event) => eventLine(event, input.columns, style))] : []),
    "",
    style("dim", "Ctrl-C ends it."),
  ];
  return parts
    .join("\n")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

function nodeTable(nodes: NodeRow[], width: number, style: Style): string {
  if (nodes.length === 0) return "no nodes: add some with POST /backends";
  const shown = columns.filter((column) => width >= column.from);
  const table = new Table({
    chars,
    head: shown.map((column) => style("dim", column.title)),
    colAligns: shown.map((column) => column.align ?? "left"),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const node of nodes) table.push(shown.map((column) => column.cell(node, style)));
  return table.toString();
}

function nodeName(node: NodeRow, style: Style): string {
  const name = node.name ?? node.id;
  return node.isLeader ? `${name} ${style("magenta", "leader")}` : name;
}

function verdict(node: NodeRow, style: Style): string {
  if (node.healthy === undefined) return style("dim", "not looked at yet");
  const word = node.healthy ? style("green", "● healthy") : style("red", "✖ unhealthy");
  const reason = node.reason && node.reason !== "ok" ? ` ${style("yellow", node.reason)}` : "";
  return `${word}${reason}${node.drained ? ` ${style("dim", "drained")}` : ""}`;
}

function releaseLine(snapshot: Snapshot, style: Style): string {
  const { release, runs, badRelease, callsPerSecond } = snapshot;
  const serving = snapshot.nodes.filter((node) => node.inPool && !node.drained).length;
  const parts = [
    release ? `release ${release.version}` : "no release yet",
    release && runs !== undefined && runs !== release.version ? style("yellow", `proxy runs ${runs}`) : "",
    badRelease ? style("red", `release ${badRelease.version} is bad`) : "",
    `${serving} of ${snapshot.nodes.length} nodes in the pool`,
    callsPerSecond === undefined ? "" : `${callsPerSecond.toFixed(callsPerSecond < 10 ? 1 : 0)} calls/s`,
  ];
  return parts.filter(Boolean).join(style("dim", " · "));
}

/** Something to paste: a call by hand, and by program. */
export function tryLines(proxyUrl: string, style: Style): string[] {
  const body = `{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}`;
  return [
    style("dim", "try"),
    `  curl -s ${proxyUrl} -d '${body}'`,
    `  node -e 'new (require("ethers").JsonRpcProvider)("${proxyUrl}").getBlockNumber().then(console.log)'`,
  ];
}

function eventLine({ time, text, colour }: Event, width: number, style: Style): string {
  const clipped = text.slice(0, Math.max(0, width - time.length - 1));
  return `${style("dim", time)} ${colour ? style(colour, clipped) : clipped}`;
}

function show(value: number | string | undefined): string {
  return value === undefined ? "–" : String(value);
}
