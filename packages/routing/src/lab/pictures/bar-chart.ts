/** A histogram: one bar for each whole number from 0. */

import { element, label, svgDocument } from '@ringkeep/shared/pictures';

export interface BarChart {
  readonly title: string;
  readonly bars: readonly number[];
  readonly xLabel: string;
  readonly yLabel: string;
}

const WIDTH = 640;
const HEIGHT = 320;
const FRAME = { left: 60, top: 40, right: 620, bottom: 270 } as const;

export function barChart(chart: BarChart): string {
  const most = Math.max(1, ...chart.bars);
  const total = chart.bars.reduce((sum, bar) => sum + bar, 0);
  const slot = (FRAME.right - FRAME.left) / Math.max(1, chart.bars.length);
  const bars = chart.bars.map((bar, value) => {
    const height = (bar / most) * (FRAME.bottom - FRAME.top);
    const x = FRAME.left + value * slot;
    const share = `${((bar / total) * 100).toFixed(1)} %`;
    return [
      element('rect', {
        x: x + slot * 0.1,
        y: FRAME.bottom - height,
        width: slot * 0.8,
        height,
        fill: '#0072b2',
      }),
      label(x + slot / 2, FRAME.bottom + 16, String(value), { 'text-anchor': 'middle' }),
      slot > 36
        ? label(x + slot / 2, FRAME.bottom - height - 4, share, { 'text-anchor': 'middle', 'font-size': 10 })
        : '',
    ].join('');
  });
  return svgDocument(WIDTH, HEIGHT, [
    label(FRAME.left, 22, chart.title, { 'font-size': 14, 'font-weight': 'bold' }),
    ...bars,
    element('line', { x1: FRAME.left, x2: FRAME.right, y1: FRAME.bottom, y2: FRAME.bottom, stroke: '#444' }),
    label((FRAME.left + FRAME.right) / 2, HEIGHT - 12, chart.xLabel, { 'text-anchor': 'middle' }),
    label(0, 0, chart.yLabel, {
      transform: `translate(24 ${(FRAME.top + FRAME.bottom) / 2}) rotate(-90)`,
      'text-anchor': 'middle',
    }),
  ]);
}
