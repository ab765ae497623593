/**
 * Failures drawn as one HTML page that needs nothing else: no script, no font, no network.
 *
 * A row a client, a bar an operation, red the one that no order has room for. A choice above each drawing shows
 * one of the orders that come closest as a numbered walk through the bars. The drawing starts at its right
 * end, where the trouble is (a right-to-left scroller does that without a script).
 */

import type { KeyFailure } from './check-history';
import { describeWithTimes } from './describe-failure';
import { layOutFailure, type Bar, type FailureLayout, type Stop } from './failure-layout';
import { describeOperation, describeValue } from './history';
import { escapeMarkup } from './markup';

const COLUMN_PX = 46;
const ROW_PX = 42;
const BAR_PX = 24;
const NAMES_PX = 86;
const MARGIN_PX = 12;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --rule: #d8dee6; --walk: #1c2430;
  --get: #cfe3fb; --set: #cdeccf; --delete: #fbe0c0; --cas: #e6d6f7; --bad: #d1242f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e2e7ee; --paper: #14181e; --rule: #38414d; --walk: #f4f6f9;
  --get: #1d4470; --set: #1f5327; --delete: #6b4312; --cas: #4c2f70; --bad: #ff6b74; } }
body { font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin-top: 2em; } .culprit { color: var(--bad); font-weight: 600; }
.figure { display: flex; border: 1px solid var(--rule); border-radius: 6px; margin: .6em 0; }
.scroller { overflow-x: auto; direction: rtl; flex: 1; } svg { display: block; direction: ltr; }
text { font: 12px system-ui, sans-serif; fill: var(--ink); } line { stroke: var(--rule); }
.bar { stroke: var(--ink); stroke-opacity: .45; } .open .bar { stroke-dasharray: 5 4; fill-opacity: .55; }
.get .bar { fill: var(--get); } .set .bar { fill: var(--set); } .delete .bar { fill: var(--delete); }
.cas .bar { fill: var(--cas); } .bad .bar { stroke: var(--bad); stroke-width: 3; stroke-opacity: 1; }
.walk { display: none; } .walk path { fill: none; stroke: var(--walk); stroke-width: 1.5; stroke-opacity: .6; }
.walk circle { fill: var(--walk); } .walk text { font-size: 10px; text-anchor: middle; }
input { margin: 0 .3em 0 0; } label { margin-right: 1.4em; } .key { display: inline-block; padding: 0 .5em; margin-right: .6em;
  border-radius: 3px; } .key.get { background: var(--get); } .key.set { background: var(--set); }
.key.delete { background: var(--delete); } .key.cas { background: var(--cas); }`;

/** The page; the same failures give the same page. */
export function failurePage(failures: readonly KeyFailure[]): string {
  const walksMax = Math.max(0, ...failures.map(({ orders }) => orders.length));
  const choices = Array.from(
    { length: walksMax },
    (_, order) => `.choice-${order}:checked ~ .figure .walk-${order} { display: inline; }`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Not linearizable</title>
<style>${STYLE}
${choices.join('\n')}
</style>
</head>
<body>
<h1>Not linearizable</h1>
<p>${legend()}</p>
${failures.map(section).join('\n')}
</body>
</html>
`;
}

function legend(): string {
  const kinds = ['get', 'set', 'delete', 'cas'].map((op) => `<span class="key ${op}">${op}</span>`).join('');
  return `${kinds} A bar lasts from the call to the return; a dashed one was in progress, or its outcome is unknown.
Columns are events in their order, not times: point at a bar for these. The numbered walk is an order of the operations.`;
}

function section(failure: KeyFailure, index: number): string {
  const layout = layOutFailure(failure);
  const { culprit, orders, first } = failure;
  const choices = orders.map(({ order, value }, number) => {
    const id = `failure-${index}-order-${number}`;
    const checked = number === 0 ? ' checked' : '';
    return `<input type="radio" class="choice-${number}" name="failure-${index}" id="${id}"${checked}>
<label for="${id}">order ${number + 1}: ${order.length} operations, ending in ${escapeMarkup(describeValue(value))}</label>`;
  });
  const notes = [
    layout.omitted > 0 ? `${layout.omitted} earlier operations are not drawn.` : '',
    first ? '' : 'An earlier operation may be at fault as well: the limits were too low to tell.',
  ].filter((note) => note !== '');
  return `<section>
<h2>Key ${escapeMarkup(describeValue(failure.key))}</h2>
<p>What came before can be put in order, but no order has room for
<span class="culprit">${escapeMarkup(describeWithTimes(culprit))}</span>.${notes.map((note) => ` ${note}`).join('')}</p>
${choices.join('\n')}
<div class="figure">
${clientNames(layout)}
<div class="scroller">${drawing(layout)}</div>
</div>
</section>`;
}

function clientNames({ rows }: FailureLayout): string {
  const names = rows.flatMap((client, row) =>
    client === rows[row - 1]
      ? []
      : [`<text x="${MARGIN_PX}" y="${rowY(row) + BAR_PX / 2 + 4}">client ${client}</text>`],
  );
  return `<svg width="${NAMES_PX}" height="${rowY(rows.length) + MARGIN_PX}" style="flex: none">${names.join('')}</svg>`;
}

function drawing(layout: FailureLayout): string {
  const width = columnX(layout.columns) + MARGIN_PX;
  const height = rowY(layout.rows.length) + MARGIN_PX;
  const rules = layout.rows.map((_, row) => {
    const y = rowY(row) + BAR_PX / 2;
    return `<line x1="0" x2="${width}" y1="${y}" y2="${y}"/>`;
  });
  return `<svg width="${width}" height="${height}" role="img" aria-label="Operations of each client in the order of their calls and returns">
${rules.join('')}
${layout.bars.map((each) => bar(each, width)).join('\n')}
${layout.walks.map(walkOf).join('\n')}
</svg>`;
}

function bar({ operation, row, fromColumn, toColumn, isCulprit }: Bar, drawingWidth: number): string {
  const x = columnX(fromColumn);
  const width = toColumn === Infinity ? drawingWidth - x + MARGIN_PX : columnX(toColumn) - x;
  const classes = [operation.op, ...(toColumn === Infinity ? ['open'] : []), ...(isCulprit ? ['bad'] : [])];
  // A drawing within the drawing: it cuts a label that is longer than its bar.
  return `<svg x="${x}" y="${rowY(row)}" width="${width}" height="${BAR_PX}" class="${classes.join(' ')}"><title>${escapeMarkup(
    describeWithTimes(operation),
  )}</title><rect class="bar" x="1.5" y="1.5" rx="4" width="${width - 3}" height="${BAR_PX - 3}"/><text x="7" y="${
    BAR_PX / 2 + 4
  }">${escapeMarkup(describeOperation(operation))}</text></svg>`;
}

function walkOf(stops: readonly Stop[], index: number): string {
  const points = stops.map(({ number, bar: { row }, column }) => ({
    number,
    x: Math.round(columnX(column) * 10) / 10,
    y: rowY(row) + BAR_PX,
  }));
  const path = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const marks = points.map(
    ({ number, x, y }) => `<circle cx="${x}" cy="${y}" r="3"/><text x="${x}" y="${y + 12}">${number}</text>`,
  );
  return `<g class="walk walk-${index}"><path d="${path}"/>${marks.join('')}</g>`;
}

function columnX(column: number): number {
  return MARGIN_PX + column * COLUMN_PX;
}

function rowY(row: number): number {
  return MARGIN_PX + row * ROW_PX;
}
