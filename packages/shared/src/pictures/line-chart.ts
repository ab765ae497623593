/** Lines over two axes, each linear or logarithmic. What leaves the frame is cut off at its edge. */

import { element, label, polyline, svgDocument } from './svg';

export interface Axis {
  readonly label: string;
  readonly scale: 'linear' | 'log2' | 'log10';
  readonly from: number;
  readonly to: number;
  /** Where to draw ticks and what to write there; at round values when absent. */
  readonly ticks?: readonly (readonly [at: number, name: string])[];
}

export interface Series {
  readonly name: string;
  /** As in CSS. */
  readonly colour: string;
  /** 0 is a full line, 1 … 3 are ever shorter dashes. */
  readonly dash: number;
  readonly points: readonly (readonly [number, number])[];
  /** For each point the least and the most that was measured; the points are then marked. */
  readonly spreads?: readonly (readonly [least: number, most: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** What must be known to read the picture, in small letters below it, a line each. */
  readonly notes?: readonly string[];
}

const WIDTH = 860;
const HEIGHT = 420;
const FRAME = { left: 70, top: 40, right: 600, bottom: 360 } as const;
const LEGEND_LEFT = FRAME.right + 20;
const DASHES = ['', '8 4', '4 4', '2 3'];
const LINEAR_TICKS = 6;
const NOTE_HEIGHT = 15;

export function lineChart(chart: LineChart): string {
  const x = (value: number): number => FRAME.left + portion(chart.x, value) * (FRAME.right - FRAME.left);
  const y = (value: number): number => FRAME.bottom - portion(chart.y, value) * (FRAME.bottom - FRAME.top);
  const clip = element('clipPath', { id: 'frame' }, frame({}));
  const lines = chart.series.map((series) =>
    polyline(
      series.points.map(([px, py]) => [x(px), y(py)] as const),
      { stroke: series.colour, 'stroke-width': 2, 'stroke-dasharray': DASHES[series.dash] ?? '' },
    ),
  );
  const { notes = [] } = chart;
  return svgDocument(WIDTH, HEIGHT + (notes.length && notes.length + 0.5) * NOTE_HEIGHT, [
    clip,
    label(FRAME.left, 22, chart.title, { 'font-size': 15, 'font-weight': 'bold' }),
    ...ticks(chart.x).map(([at, name]) => verticalTick(x(at), name)),
    ...ticks(chart.y).map(([at, name]) => horizontalTick(y(at), name)),
    frame({ fill: 'none', stroke: '#444' }),
    element('g', { 'clip-path': 'url(#frame)' }, lines.join('\n')),
    ...chart.series.map((series) => marks(series, x, y)),
    label((FRAME.left + FRAME.right) / 2, HEIGHT - 15, chart.x.label, { 'text-anchor': 'middle' }),
    label(0, 0, chart.y.label, {
      transform: `translate(18 ${(FRAME.top + FRAME.bottom) / 2}) rotate(-90)`,
      'text-anchor': 'middle',
    }),
    ...chart.series.map(legendEntry),
    ...notes.map((note, index) =>
      label(FRAME.left, HEIGHT + (index + 0.5) * NOTE_HEIGHT, note, { 'font-size': 10, fill: '#555' }),
    ),
  ]);
}

/** A dot at each point, and a line from the least to the most. */
function marks(series: Series, x: (value: number) => number, y: (value: number) => number): string {
  return (series.spreads ?? [])
    .map(([least, most], index) => {
      const [px, py] = series.points[index] as readonly [number, number];
      const bar = { x1: x(px), x2: x(px), y1: y(least), y2: y(most), stroke: series.colour };
      return element('line', bar) + element('circle', { cx: x(px), cy: y(py), r: 3, fill: series.colour });
    })
    .join('');
}

function legendEntry(series: Series, index: number): string {
  const y = FRAME.top + 10 + index * 20;
  const stroke = {
    stroke: series.colour,
    'stroke-width': 2,
    'stroke-dasharray': DASHES[series.dash] ?? '',
  };
  const line = polyline(
    [
      [LEGEND_LEFT, y],
      [LEGEND_LEFT + 34, y],
    ],
    stroke,
  );
  return line + label(LEGEND_LEFT + 42, y + 4, series.name);
}

function verticalTick(x: number, name: string): string {
  const line = element('line', { x1: x, x2: x, y1: FRAME.top, y2: FRAME.bottom, stroke: '#ddd' });
  return line + label(x, FRAME.bottom + 18, name, { 'text-anchor': 'middle' });
}

function horizontalTick(y: number, name: string): string {
  const line = element('line', { x1: FRAME.left, x2: FRAME.right, y1: y, y2: y, stroke: '#ddd' });
  return line + label(FRAME.left - 8, y + 4, name, { 'text-anchor': 'end' });
}

function frame(attributes: Readonly<Record<string, string>>): string {
  const { left, top, right, bottom } = FRAME;
  return element('rect', { x: left, y: top, width: right - left, height: bottom - top, ...attributes });
}

function portion(axis: Axis, value: number): number {
  const place = (at: number): number => (axis.scale === 'linear' ? at : Math.log(at));
  return (place(value) - place(axis.from)) / (place(axis.to) - place(axis.from) || 1);
}

function ticks(axis: Axis): readonly (readonly [at: number, name: string])[] {
  return axis.ticks ?? roundTicks(axis).map((at) => [at, formatTick(axis, at)] as const);
}

function roundTicks(axis: Axis): number[] {
  if (axis.scale === 'linear') {
    const rough = (axis.to - axis.from) / LINEAR_TICKS;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10) * unit;
    const first = Math.ceil(axis.from / step) * step;
    const count = Math.floor((axis.to - first) / step + 1e-9) + 1;
    return Array.from({ length: count }, (_, i) => first + i * step);
  }
  const base = axis.scale === 'log2' ? 2 : 10;
  const first = Math.ceil(Math.log(axis.from) / Math.log(base) - 1e-9);
  const last = Math.floor(Math.log(axis.to) / Math.log(base) + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => base ** (first + i));
}

function formatTick(axis: Axis, value: number): string {
  if (axis.scale === 'log2') return `2^${Math.round(Math.log2(value))}`;
  if (axis.scale === 'log10' && (value >= 10_000 || value < 0.01))
    return `10^${Math.round(Math.log10(value))}`;
  return String(Number(value.toPrecision(6)));
}
