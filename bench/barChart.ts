const width = 760;
/** Room for the names of rows. */
const left = 300;
const right = 40;
/** A bar this long has room for its number. */
const roomy = 40;
const barHeight = 12;
const rowGap = 8;
const panelGap = 40;
const top = 48;
const colours = ["#0969da", "#cf222e"];

interface Panel {
  title: string;
  /** One value for each series. */
  rows: { name: string; values: number[] }[];
  /** Where a dashed line says how much it should be at most. */
  wanted?: number;
}

/** Bars side by side, one panel a quantity, as an SVG that reads on light and dark pages. Series have names when there are several. */
export function barChart(title: string, series: string[], panels: Panel[]): string {
  const drawn: string[] = [];
  let y = top;
  for (const panel of panels) {
    const height = heightOf(panel);
    drawn.push(drawPanel(panel, y, height));
    y += height + panelGap;
  }
  const legend = series.map(
    (name, index) =>
      `<rect x="${left + index * 200}" y="14" width="14" height="4" fill="${colours[index]}"/>` +
      `<text x="${left + 20 + index * 200}" y="20">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y - panelGap + 20}" font-family="sans-serif" font-size="12" fill="#6e7781">`,
    `<title>${title}</title>`,
    ...legend,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

const rowHeight = ({ values }: Panel["rows"][number]) => values.length * barHeight + rowGap;
const heightOf = ({ rows }: Panel) => rows.reduce((sum, row) => sum + rowHeight(row), rowGap);

function drawPanel({ title, rows, wanted }: Panel, top: number, height: number): string {
  const most = Math.max(wanted ?? 0, ...rows.flatMap(({ values }) => values));
  const length = (value: number) => (value / most) * (width - left - right);
  const parts = [
    `<text x="${left}" y="${top - 6}">${title}</text>`,
    `<path d="M${left} ${top}V${top + height}" fill="none" stroke="#6e7781"/>`,
  ];
  let y = top + rowGap;
  for (const row of rows) {
    const middle = y + (row.values.length * barHeight) / 2;
    parts.push(`<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${row.name}</text>`);
    for (const [index, value] of row.values.entries()) {
      const barY = y + index * barHeight;
      parts.push(
        `<rect x="${left}" y="${barY}" width="${length(value).toFixed(1)}" height="${barHeight - 1}" fill="${colours[index]}" fill-opacity="0.85"/>`,
        numberAt(value, left + length(value), barY + 10),
      );
    }
    y += rowHeight(row);
  }
  if (wanted !== undefined) {
    const x = (left + length(wanted)).toFixed(1);
    parts.push(
      `<path d="M${x} ${top}V${top + height}" fill="none" stroke="#6e7781" stroke-dasharray="4 3"/>`,
      `<text x="${x}" y="${top + height + 12}" text-anchor="middle">wanted</text>`,
    );
  }
  return parts.join("\n");
}

/** In the end of its bar, or behind a short one. */
function numberAt(value: number, barEnd: number, y: number): string {
  const text = value >= 10 ? value.toFixed(0) : value.toFixed(1);
  return barEnd - left > roomy
    ? `<text x="${(barEnd - 5).toFixed(1)}" y="${y}" text-anchor="end" font-size="11" fill="#fff">${text}</text>`
    : `<text x="${(barEnd + 5).toFixed(1)}" y="${y}">${text}</text>`;
}
