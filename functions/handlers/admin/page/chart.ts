import uPlot from "uplot";
import { element, setText, svg } from "./dom";
import type { ChartData } from "./series";

export interface ChartOptions {
  title: string;
  format: (value: number) => string;
  colour: (key: string, index: number) => string;
  /** Counts, which have no halves. */
  isWhole?: boolean;
  /** Said when there is nothing to draw. */
  empty: string;
}

const height = 176;
/** 1, 2, 5, 10, 20, … */
const wholeSteps = Array.from({ length: 8 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();

/** A plot with a legend that carries the newest values: what is drawn can be read too. */
export class Chart {
  readonly figure: HTMLElement;
  readonly #plotArea = element("div", { class: "plot", "aria-hidden": "true" });
  readonly #legend = element("ul", { class: "legend" });
  readonly #note = element("p", { class: "quiet", hidden: "" });
  readonly #options: ChartOptions;
  #plot: uPlot | undefined;
  #drawn = "";

  constructor(options: ChartOptions) {
    this.#options = options;
    const caption = element("figcaption", {}, options.title);
    this.figure = element("figure", {}, caption, this.#plotArea, this.#legend, this.#note);
    new ResizeObserver(() => this.#fit()).observe(this.#plotArea);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#drawn = "";
      this.#plot?.redraw();
    });
  }

  show(data: ChartData, windowSeconds: number): void {
    const { colour, empty } = this.#options;
    const shape = data.lines.map((line) => `${line.key}\n${line.label}`).join("\n\n");
    if (!this.#plot || shape !== this.#drawn) this.#build(data);
    this.#drawn = shape;
    const now = Date.now() / 1000;
    this.#plot?.batch(() => {
      this.#plot?.setData([data.times, ...data.lines.map((line) => line.values)] as uPlot.AlignedData, false);
      this.#plot?.setScale("x", { min: now - windowSeconds, max: now });
      this.#plot?.setScale("y", { min: 0, max: topOf(data, now - windowSeconds) });
    });
    this.#showLegend(data, colour, empty);
  }

  #build(data: ChartData): void {
    this.#plot?.destroy();
    const { colour } = this.#options;
    const lines = data.lines.map((line, index) => ({
      label: line.label,
      stroke: () => cssColour(colour(line.key, index)),
      width: 1.75,
      dash: dashOf(index),
      points: { show: data.times.length < 3 },
    }));
    this.#plot = new uPlot(
      {
        width: Math.max(this.#plotArea.clientWidth, 100),
        height,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        scales: { x: { time: true, auto: false }, y: { auto: false } },
        axes: [
          axis({ size: 26, space: 60, values: (_plot, ticks) => ticks.map(hourAndMinute) }),
          axis({
            size: 46,
            values: (_plot, ticks) => ticks.map(shortNumber),
            ...(this.#options.isWhole ? { incrs: wholeSteps } : {}),
          }),
        ],
        series: [{}, ...lines],
      },
      [[], ...data.lines.map(() => [])] as uPlot.AlignedData,
      this.#plotArea,
    );
  }

  #fit(): void {
    const width = this.#plotArea.clientWidth;
    if (this.#plot && width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height });
  }

  #showLegend(data: ChartData, colour: ChartOptions["colour"], empty: string): void {
    const { format } = this.#options;
    if (this.#legend.childElementCount !== data.lines.length || this.#legend.dataset.shape !== this.#drawn) {
      this.#legend.dataset.shape = this.#drawn;
      this.#legend.replaceChildren(
        ...data.lines.map((line, index) => {
          const swatch = svg("svg", { width: 16, height: 4, "aria-hidden": "true" }, swatchLine(index));
          swatch.style.stroke = colour(line.key, index);
          const text = element("span", { class: "text", title: line.label }, line.label);
          return element("li", {}, swatch, text, element("b"));
        }),
      );
    }
    data.lines.forEach((line, index) => {
      const last = line.values.findLast((value) => value !== null);
      const target = this.#legend.children[index]?.lastElementChild;
      if (target) setText(target, last === undefined || last === null ? "–" : format(last));
    });
    const note = data.lines.length === 0 ? empty : data.note;
    this.#note.hidden = note === undefined;
    setText(this.#note, note ?? "");
  }
}

function swatchLine(index: number): SVGElement {
  const dash = (dashOf(index) ?? []).join(" ");
  return svg("line", { x1: 0, y1: 2, x2: 16, y2: 2, "stroke-width": 3, "stroke-dasharray": dash });
}

/** Colours repeat after six lines; dashes tell the next six apart, for those who see no colours too. */
function dashOf(index: number): number[] | undefined {
  return [undefined, [5, 3], [2, 2]][Math.floor(index / 6) % 3];
}

function topOf(data: ChartData, from: number): number {
  let top = 0;
  for (const { values } of data.lines) {
    values.forEach((value, index) => {
      if (value !== null && (data.times[index] ?? 0) >= from) top = Math.max(top, value);
    });
  }
  return top <= 4 ? Math.max(1, Math.ceil(top * 1.2)) : top * 1.1;
}

function axis(more: uPlot.Axis): uPlot.Axis {
  return {
    stroke: () => cssColour("var(--quiet)"),
    grid: { stroke: () => cssColour("var(--grid)"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
    ...more,
  };
}

function hourAndMinute(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], {
    hourCycle: "h23",
    hour: "2-digit",
    minute: "2-digit",
  });
}

function shortNumber(value: number): string {
  if (value < 1) return String(Number(value.toFixed(2)));
  return value >= 1000 ? `${Number((value / 1000).toFixed(1))}k` : String(Number(value.toFixed(1)));
}

/** A canvas knows no variables of style sheets. */
function cssColour(colour: string): string {
  const name = /^var\((--[a-z-]+)\)$/.exec(colour)?.[1];
  return name ? getComputedStyle(document.documentElement).getPropertyValue(name).trim() : colour;
}
