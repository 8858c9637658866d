import type { Sample } from "./simulate";

const width = 760;
const panelHeight = 130;
const left = 64;
/** Half of the last label. */
const right = 26;
const top = 48;
const gap = 44;
const colours = ["#0969da", "#cf222e"];

interface Panel {
  title: string;
  value: (sample: Sample) => number;
}

const panels: Panel[] = [
  { title: "requests per second offered", value: (sample) => sample.load },
  { title: "running tasks", value: (sample) => sample.tasks },
  { title: "requests lost per second", value: (sample) => sample.lost },
];

/** Runs side by side, one panel a quantity, as an SVG that reads on light and dark pages. */
export function plot(runs: Record<string, Sample[]>): string {
  const names = Object.keys(runs);
  const height = top + panels.length * (panelHeight + gap);
  const legend = names.map(
    (name, index) =>
      `<rect x="${left + index * 240}" y="14" width="14" height="4" fill="${colours[index]}"/>` +
      `<text x="${left + 20 + index * 240}" y="20">scaling on ${name}</text>`,
  );
  const drawn = panels.map((panel, index) => drawPanel(panel, top + index * (panelHeight + gap), runs));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#6e7781">`,
    "<title>Autoscaling on requests per target and on CPU after a step of load</title>",
    ...legend,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(panel: Panel, y: number, runs: Record<string, Sample[]>): string {
  const all = Object.values(runs);
  const most = Math.max(1, ...all.flatMap((samples) => samples.map(panel.value)));
  const seconds = all[0]!.length;
  const plotWidth = width - left - right;
  const x = (second: number) => left + (second / seconds) * plotWidth;
  const lines = all.map((samples, index) => {
    const points = everyTenSeconds(samples).map(
      (sample) =>
        `${x(sample.second).toFixed(1)},${(y + panelHeight * (1 - panel.value(sample) / most)).toFixed(1)}`,
    );
    return `<polyline fill="none" stroke="${colours[index]}" stroke-width="1.6" stroke-opacity="0.85" points="${points.join(" ")}"/>`;
  });
  const ticks = Array.from({ length: seconds / 600 + 1 }, (_, index) => index * 600).map(
    (second) =>
      `<text x="${x(second)}" y="${y + panelHeight + 14}" text-anchor="middle">${second / 60} min</text>`,
  );
  return [
    `<text x="${left}" y="${y - 6}">${panel.title}</text>`,
    `<path d="M${left} ${y}V${y + panelHeight}H${left + plotWidth}" fill="none" stroke="#6e7781"/>`,
    `<text x="${left - 6}" y="${y + 10}" text-anchor="end">${Math.round(most).toLocaleString("en")}</text>`,
    `<text x="${left - 6}" y="${y + panelHeight}" text-anchor="end">0</text>`,
    ...ticks,
    ...lines,
  ].join("\n");
}

function everyTenSeconds(samples: Sample[]): Sample[] {
  return samples.filter((sample) => sample.second % 10 === 0);
}
