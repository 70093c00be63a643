/** One line of a panel: points in the order of x. */
export interface CurveSeries {
  readonly name: string;
  readonly color: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface CurvePanel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly CurveSeries[];
}

const panelWidth = 460;
const panelHeight = 330;
const margin = { left: 62, right: 18, top: 46, bottom: 52 };
const plotWidth = panelWidth - margin.left - margin.right;
const plotHeight = panelHeight - margin.top - margin.bottom;
const ink = '#333';
const grid = '#ddd';

/** Panels side by side as an SVG of its own: linear axes from 0, ticks at round numbers, a dot for each measurement. */
export function drawCurves(panels: readonly CurvePanel[], footnote: string): string {
  const width = panelWidth * panels.length;
  const height = panelHeight + 26;
  const title = panels.map((panel) => panel.title).join('; ');
  const drawn = panels.map((panel, index) => drawPanel(panel, index * panelWidth));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${drawn.join('\n')}
<text x="${margin.left}" y="${height - 10}" fill="#666" font-size="11">${escaped(footnote)}</text>
</svg>
`;
}

/** Round numbers from 0 to at least `most`: the steps are 1, 2 or 5 times a power of ten, and there are at most six of them. */
export function ticksTo(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most / 6 || 1));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => most / candidate <= 6)!;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function drawPanel(panel: CurvePanel, left: number): string {
  const all = panel.series.flatMap((series) => series.points);
  const xTicks = ticksTo(Math.max(1, ...all.map(({ x }) => x)));
  const yTicks = ticksTo(Math.max(1, ...all.map(({ y }) => y)));
  const xAt = (x: number) => tenth(left + margin.left + (plotWidth * x) / xTicks.at(-1)!);
  const yAt = (y: number) => tenth(margin.top + plotHeight * (1 - y / yTicks.at(-1)!));
  const bottom = margin.top + plotHeight;
  const lines = [
    `<text x="${left + margin.left}" y="22" fill="${ink}" font-size="14" font-weight="600">${escaped(panel.title)}</text>`,
    ...yTicks.map((y) => `<path d="M${xAt(0)} ${yAt(y)}H${xAt(xTicks.at(-1)!)}" stroke="${y === 0 ? ink : grid}"/>`),
    ...yTicks.map((y) => `<text x="${xAt(0) - 8}" y="${yAt(y) + 4}" text-anchor="end" fill="${ink}">${y}</text>`),
    ...xTicks.map((x) => `<path d="M${xAt(x)} ${bottom}v5" stroke="${ink}"/>`),
    ...xTicks.map(
      (x) => `<text x="${xAt(x)}" y="${bottom + 19}" text-anchor="middle" fill="${ink}">${grouped(x)}</text>`,
    ),
    `<text x="${left + margin.left + plotWidth / 2}" y="${bottom + 39}" text-anchor="middle" fill="${ink}">${escaped(panel.xLabel)}</text>`,
    `<text transform="translate(${left + 16} ${margin.top + plotHeight / 2}) rotate(-90)" text-anchor="middle" fill="${ink}">${escaped(panel.yLabel)}</text>`,
  ];
  for (const [index, { name, color, points }] of panel.series.entries()) {
    const path = points.map(({ x, y }) => `${xAt(x)},${yAt(y)}`).join(' ');
    lines.push(`<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`);
    for (const { x, y } of points) lines.push(`<circle cx="${xAt(x)}" cy="${yAt(y)}" r="3.5" fill="${color}"/>`);
    const keyY = margin.top + 12 + index * 18;
    const keyX = left + margin.left + 12;
    lines.push(`<path d="M${keyX} ${keyY}h20" stroke="${color}" stroke-width="2"/>`);
    lines.push(`<circle cx="${keyX + 10}" cy="${keyY}" r="3.5" fill="${color}"/>`);
    lines.push(
      `<text x="${keyX + 27}" y="${keyY + 4}" fill="${ink}" stroke="#fff" stroke-width="4" paint-order="stroke">${escaped(name)}</text>`,
    );
  }
  return lines.join('\n');
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
