import { writeFileSync } from "node:fs";
import path from "node:path";
import { barChart } from "./barChart";
import type { DataPlaneFigures } from "./dataPlane";
import type { GrowthFigures } from "./growth";

/** Wanted: against one network with one node, and in all. */
const mostGrowth = 1.2;
const mostMemoryMiB = 64;
/** Of a call that travels, against `proxy_pass`. */
const mostOfBare = 1.8;

const folder = path.join(__dirname, "../docs");

/** Writes the charts that docs/bench.md shows. */
export function writePlots(dataPlane: DataPlaneFigures[], growth: GrowthFigures[]): void {
  writeFileSync(path.join(folder, "bench-cpu.svg"), cpuChart(dataPlane));
  writeFileSync(path.join(folder, "bench-growth.svg"), growthChart(growth));
}

function cpuChart(figures: DataPlaneFigures[]): string {
  return barChart(
    "CPU of the worker per request",
    ["at full load", "at 2,000 calls a second"],
    [
      {
        title: "CPU per request, µs",
        rows: figures.map(({ name, fullLoad, fixedLoad }) => ({
          name,
          values: [fullLoad.median, fixedLoad.median],
        })),
        wanted: mostOfBare * figures[0]!.fullLoad.median,
      },
    ],
  );
}

function growthChart(figures: GrowthFigures[]): string {
  return barChart(
    "Growth by nodes and networks",
    [],
    [
      {
        title: "CPU per request at full load, µs",
        rows: figures.map(({ name, cost }) => ({ name, values: [cost] })),
        wanted: mostGrowth * figures[0]!.cost,
      },
      {
        title: "memory of the worker, MiB",
        rows: figures.map(({ name, memoryMiB }) => ({ name, values: [memoryMiB] })),
        wanted: mostMemoryMiB,
      },
    ],
  );
}
