import { stripVTControlCharacters } from "node:util";
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
  /** Its height. */
  rows: number;
  style: Style;
}

interface Column {
  title: string;
  align?: "right";
  cell: (node: NodeRow, style: Style) => string;
  /** Where there is no room for all, the column with the highest number goes first; those without one stay. */
  sacrifice?: number;
}

const columns: Column[] = [
  { title: "network", sacrifice: 1, cell: (node) => node.network },
  { title: "node", cell: (node, style) => nodeName(node, style) },
  { title: "URL", sacrifice: 4, cell: (node) => node.url },
  {
    title: "height",
    sacrifice: 3,
    align: "right",
    cell: (node) => show(node.height?.toLocaleString("en")),
  },
  { title: "lag", align: "right", cell: (node) => show(node.lag) },
  {
    title: "latency",
    sacrifice: 5,
    align: "right",
    cell: (node) => (node.latencyMs === undefined ? "–" : `${Math.round(node.latencyMs)} ms`),
  },
  { title: "verdict", cell: verdict },
  {
    title: "share",
    sacrifice: 2,
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

/** The live picture of a run, as lines that fit the terminal: what matters least goes first. */
export function renderDashboard(input: DashboardInput): string {
  const { snapshot, style, columns: width } = input;
  const events = input.events.map((event) => eventLine(event, width, style));
  const head = [
    `${style("bold", "proxy")}  ${style("cyan", input.proxyUrl)}    ${style("bold", "admin")}  ${style("cyan", input.adminUrl)}`,
    releaseLine(snapshot, style),
    "",
    ...nodeTable(snapshot.nodes, width, style).split("\n"),
  ];
  const attempts = ["", ...tryLines(input.proxyUrl, style)];
  const foot = ["", style("dim", "Ctrl-C ends it.")];
  const room = input.rows - head.length - foot.length - 1;
  const roomForEvents = room - attempts.length - 1;
  const shownEvents = roomForEvents > 0 ? events.slice(-roomForEvents) : [];
  const lines = [
    ...head,
    ...(room >= attempts.length ? attempts : []),
    ...(shownEvents.length > 0 ? ["", ...shownEvents] : []),
    ...foot,
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}

function nodeTable(nodes: NodeRow[], width: number, style: Style): string {
  if (nodes.length === 0) return "no nodes: add some with POST /backends";
  const oneNetwork = nodes.every((node) => node.network === nodes[0]?.network);
  let shown = oneNetwork ? columns.filter((column) => column.title !== "network") : columns;
  for (;;) {
    const table = tableOf(nodes, shown, style);
    const sacrifices = shown.flatMap((column) => column.sacrifice ?? []);
    if (sacrifices.length === 0 || widthOf(table) <= width) return table;
    const next = Math.max(...sacrifices);
    shown = shown.filter((column) => column.sacrifice !== next);
  }
}

function tableOf(nodes: NodeRow[], shown: Column[], style: Style): string {
  const table = new Table({
    chars,
    head: shown.map((column) => style("dim", column.title)),
    colAligns: shown.map((column) => column.align ?? "left"),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const node of nodes) table.push(shown.map((column) => column.cell(node, style)));
  return table.toString();
}

function widthOf(text: string): number {
  const lines = stripVTControlCharacters(text).split("\n");
  return Math.max(...lines.map((line) => line.trimEnd().length));
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
function tryLines(proxyUrl: string, style: Style): string[] {
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
