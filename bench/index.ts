import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import Table from "cli-table3";
import { benchControlPlane, type ControlPlaneFigures, controlPlaneLimits } from "./controlPlane";
import { benchDataPlane, type Cost, type DataPlaneFigures } from "./dataPlane";
import { benchFailover, type FailoverFigures } from "./failover";
import { benchGrowth, type GrowthFigures } from "./growth";
import { writePlots } from "./plots";
import { runSocketsBench } from "./sockets/index";
import { benchWatching, type WatchingFigures } from "./watching";

/** `npm run bench`: measures, prints the tables, and writes them to docs/bench.md. */
async function main(): Promise<void> {
  const report = (line: string) => void process.stdout.write(`  ${line}\n`);
  process.stdout.write("Data plane against bare proxy_pass, 32 connections:\n");
  const dataPlaneFigures = await benchDataPlane(report);
  const dataPlane = dataPlaneTable(dataPlaneFigures);
  print(dataPlane);
  process.stdout.write("Calls that the first node fails, nodes 150 ms away:\n");
  const failover = failoverTable(await benchFailover(report));
  print(failover);
  process.stdout.write("The gateway with and without metrics and logs:\n");
  const watching = watchingLine(await benchWatching(report));
  process.stdout.write(`${watching}\n`);
  process.stdout.write("Many nodes, many networks, and the cache:\n");
  const growthFigures = await benchGrowth(report);
  const growth = growthTable(growthFigures);
  print(growth);
  writePlots(dataPlaneFigures, growthFigures);
  process.stdout.write("Control plane, health checks of 1,000 nodes:\n");
  const controlPlane = controlPlaneTable(await benchControlPlane(report));
  print(controlPlane);
  writeFileSync(
    path.join(__dirname, "../docs/bench.md"),
    document({ dataPlane, failover, watching, growth, controlPlane }),
  );
  process.stdout.write("WebSockets against sockets passed straight through:\n");
  await runSocketsBench();
}

type Rows = string[][];

function watchingLine(figures: WatchingFigures): string {
  const { withMicroseconds, share, shareWithIds, starts, rounds } = figures;
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  return [
    `Metrics and log lines add ${percent(share)} to the CPU of a call, wanted: under 5 %. With the request ids and trace contexts that go with them`,
    `it is ${percent(shareWithIds)} of ${withMicroseconds.toFixed(1)} µs (one node; medians of ${rounds} rounds in turns, over ${starts} starts of each process).`,
  ].join("\n");
}

function dataPlaneTable(figures: DataPlaneFigures[]): Rows {
  const cost = ({ median, least, ratio, leastRatio }: Cost) => [
    `${median.toFixed(1)} µs (${least.toFixed(1)})`,
    `${ratio.toFixed(2)} (${leastRatio.toFixed(2)})`,
  ];
  return [
    ["", "CPU at full load", "× bare", "CPU at 2,000/s", "× bare", "p50", "p99"],
    ...figures.map(({ name, fullLoad, fixedLoad, p50Ms, p99Ms }) => [
      name,
      ...cost(fullLoad),
      ...cost(fixedLoad),
      `${p50Ms.toFixed(2)} ms`,
      `${p99Ms.toFixed(2)} ms`,
    ]),
  ];
}

function failoverTable(figures: FailoverFigures[]): Rows {
  return [
    ["", "time of the call, in round trips", "requests at nodes"],
    ...figures.map(({ name, roundTrips, requests }) => [name, roundTrips.toFixed(2), requests.toFixed(2)]),
  ];
}

function growthTable(figures: GrowthFigures[]): Rows {
  return [
    ["", "CPU at full load", "× one node", "memory of the worker"],
    ...figures.map(({ name, cost, ratio, memoryMiB }) => [
      name,
      `${cost.toFixed(1)} µs`,
      ratio.toFixed(2),
      `${memoryMiB.toFixed(0)} MiB`,
    ]),
  ];
}

function controlPlaneTable(figures: ControlPlaneFigures[]): Rows {
  return [
    ["", "wall", "CPU", "memory", "largest state"],
    ...figures.map(({ name, wallSeconds, cpuSeconds, memoryMiB, stateKiB }) => [
      name,
      `${wallSeconds.toFixed(1)} s`,
      `${cpuSeconds.toFixed(1)} s`,
      `${memoryMiB} MiB`,
      `${stateKiB} KiB`,
    ]),
  ];
}

function print([head = [], ...rows]: Rows): void {
  const table = new Table({ head });
  table.push(...rows);
  process.stdout.write(`${table.toString()}\n`);
}

function markdown([head = [], ...rows]: Rows): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

const failoverText = [
  "What a call takes whose first node fails it: median over 15 calls, in units of the 150 ms that each node takes to answer. A failover costs one",
  "extra round trip; none where the connection is refused at once.",
];

interface Report {
  dataPlane: Rows;
  failover: Rows;
  watching: string;
  growth: Rows;
  controlPlane: Rows;
}

function document({ dataPlane, failover, watching, growth, controlPlane }: Report): string {
  const { wallSeconds, memoryMiB } = controlPlaneLimits;
  return [
    "# Measured",
    "",
    `Written by \`npm run bench\`. Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}.`,
    "",
    "## Data plane",
    "One nginx worker, 32 keep-alive connections, another address in each call, an upstream that answers at once. CPU is the",
    "worker's (user and system) per request. All processes are started anew a few times, and rounds of all rows take turns: the first number is the median over the rounds, × bare the",
    "median of the ratios to `proxy_pass` alone in the same round. In brackets: the least disturbed round of each, and the ratio of",
    "those. On a machine that does other work too, the median shows caches that others have emptied: with 32 calls in flight the gateway",
    "works on 32 JavaScript heaps, `proxy_pass` on next to nothing. The fixed load is calls evenly spread over time, whether earlier ones",
    "have been answered or not; latencies are its. Wanted: at most 1.8 × bare.",
    "",
    ...markdown(dataPlane),
    "",
    "![CPU of the worker per request](bench-cpu.svg)",
    "",
    watching,
    "",
    ...failoverText,
    "",
    ...markdown(failover),
    "",
    "The same load by how many nodes and networks there are, against one network with one node in the same round, and of one call that",
    "is asked again and again. Memory is what one worker has for itself. Wanted: less than 1.20 ×, and under 64 MiB.",
    "",
    ...markdown(growth),
    "",
    "![Growth by nodes and networks](bench-growth.svg)",
    "",
    "## Control plane",
    "Health-check runs over 1,000 nodes, one in ten dead (half of those refuse connections, half hang), through the real workflow,",
    `handlers and adapters, in a process of their own. Wanted: under ${wallSeconds} s and ${memoryMiB} MiB.`,
    "",
    ...markdown(controlPlane),
    "",
    "WebSockets: [bench-sockets.md](bench-sockets.md).",
    "",
  ].join("\n");
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
