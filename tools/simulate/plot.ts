/** Run time and cost by size, as a chart: both axes are logarithmic, so that linear growth is a straight line. */
import type { Measured } from './measure.ts';

const SIZE = { width: 720, height: 300, left: 64, right: 36, top: 56, bottom: 44, gap: 84 };
const COLOURS = ['#2563eb', '#d97706', '#059669', '#9333ea'];

interface Panel {
  readonly title: string;
  readonly unit: (value: number) => string;
  readonly of: (measured: Measured) => number;
}

const PANELS: readonly Panel[] = [
  { title: 'Run time', unit: (value) => `${value} s`, of: ({ seconds }) => seconds },
  {
    title: 'An instance a month',
    unit: (value) => `$${value}`,
    of: ({ monthlyDollars, instances }) => monthlyDollars / instances,
  },
];

/** @param series one line each, by its name */
export function growthPlot(series: ReadonlyMap<string, readonly Measured[]>): string {
  const width = (SIZE.width - SIZE.left - SIZE.right - SIZE.gap) / 2;
  const panels = PANELS.map((panel, n) => drawPanel(panel, series, SIZE.left + n * (width + SIZE.gap), width));
  const legend = [...series.keys()].map(
    (name, n) =>
      `<g transform="translate(${SIZE.left + n * 160} 18)"><rect width="14" height="4" y="-4" fill="${COLOURS[n]}"/><text x="20">${name}</text></g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    '<title>Run time and the cost of an instance, by the size of the fleet</title>',
    `<rect width="${SIZE.width}" height="${SIZE.height}" fill="#ffffff"/>`,
    ...legend,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function drawPanel(
  { title, unit, of }: Panel,
  series: ReadonlyMap<string, readonly Measured[]>,
  left: number,
  width: number,
): string {
  const all = [...series.values()].flat();
  const [low, high] = [10 ** Math.floor(log(min(all.map(of)))), 10 ** Math.ceil(log(max(all.map(of))))];
  const [first, last] = [min(all.map((one) => one.instances)), max(all.map((one) => one.instances))];
  const height = SIZE.height - SIZE.top - SIZE.bottom;
  const x = (value: number) => left + (width * (log(value) - log(first))) / Math.max(1, log(last) - log(first));
  const y = (value: number) => SIZE.top + height * (1 - (log(value) - log(low)) / (log(high) - log(low)));
  const decades = Array.from({ length: Math.round(log(high) - log(low)) + 1 }, (_, n) => low * 10 ** n);
  const sizes = [...new Set(all.map((one) => one.instances))];
  return [
    `<text x="${left}" y="${SIZE.top - 8}" font-weight="600">${title}</text>`,
    ...decades.map(
      (value) =>
        `<path d="M${left} ${y(value)}h${width}" stroke="#e5e7eb"/><text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${unit(Number(value.toPrecision(1)))}</text>`,
    ),
    ...sizes.map(
      (value) =>
        `<text x="${x(value)}" y="${SIZE.height - SIZE.bottom + 18}" text-anchor="middle">${value.toLocaleString('en')}</text>`,
    ),
    `<text x="${left + width / 2}" y="${SIZE.height - 8}" text-anchor="middle" fill="#6b7280">instances</text>`,
    ...[...series.values()].map((points, n) => {
      const line = points
        .map((one, i) => `${i === 0 ? 'M' : 'L'}${round(x(one.instances))} ${round(y(of(one)))}`)
        .join('');
      const dots = points.map(
        (one) => `<circle cx="${round(x(one.instances))}" cy="${round(y(of(one)))}" r="3" fill="${COLOURS[n]}"/>`,
      );
      return `<path d="${line}" fill="none" stroke="${COLOURS[n]}" stroke-width="2"/>${dots.join('')}`;
    }),
  ].join('\n');
}

const log = Math.log10;
const min = (values: readonly number[]): number => Math.min(...values);
const max = (values: readonly number[]): number => Math.max(...values);
const round = (value: number): number => Math.round(value * 10) / 10;
