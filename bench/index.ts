import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import Table from "cli-table3";
import { benchDataPlane, type DataPlaneFigures } from "./dataPlane";
import { runSocketsBench } from "./sockets/index";

/** `npm run bench`: measures, prints the tables, and writes them to docs/bench.md. */
async function main(): Promise<void> {
  const report = (line: string) => void process.stdout.write(`  ${line}\n`);
  process.stdout.write("Data plane against bare proxy_pass, 32 connections:\n");
  const dataPlane = await benchDataPlane(report);
  const table = new Table({ head: dataPlaneHead });
  table.push(...dataPlaneRows(dataPlane));
  process.stdout.write(`${table.toString()}\n`);
  writeFileSync(path.join(__dirname, "../docs/bench.md"), document(dataPlane));
  process.stdout.write("WebSockets against sockets passed straight through:\n");
  await runSocketsBench();
}

const dataPlaneHead = ["", "CPU per request", "× bare", "p50", "p99"];

function dataPlaneRows(figures: DataPlaneFigures[]): string[][] {
  return figures.map(({ name, microsecondsPerRequest, ratio, p50Ms, p99Ms }) => [
    name,
    `${microsecondsPerRequest.toFixed(1)} µs`,
    ratio.toFixed(2),
    `${p50Ms} ms`,
    `${p99Ms} ms`,
  ]);
}

function document(dataPlane: DataPlaneFigures[]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [
    "# Measured",
    "",
    `Written by \`npm run bench\`. Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}.`,
    "",
    "## Data plane",
    "One nginx worker, 32 keep-alive connections, another address in each call, an upstream that answers at once. CPU is the",
    "worker's (user and system) per request at full load; × bare compares with `proxy_pass` alone in the same round. Latencies at",
    "2,000 calls per second.",
    "",
    line(dataPlaneHead),
    line(dataPlaneHead.map(() => "---")),
    ...dataPlaneRows(dataPlane).map(line),
    "",
  ].join("\n");
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
