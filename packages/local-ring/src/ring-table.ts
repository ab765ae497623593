/** The nodes of a ring as a table for people. */

import { arcShare, position } from '@ringkeep/shared';
import type { dht } from '@ringkeep/shared/wire';
import { heldKeys, nodeName, owned } from './ring-client';

export function ringTable(descriptions: readonly dht.NodeDescription[]): string {
  const rows = [...descriptions]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((node) => {
      const arcs = owned(node);
      const share = arcs.reduce(
        (sum, arc) => sum + arcShare({ start: position(arc.start), end: position(arc.end) }),
        0,
      );
      const keys = arcs.reduce((sum, arc) => sum + arc.keys, 0);
      const copies = heldKeys([node]) - keys;
      const bytes = arcs.reduce((sum, arc) => sum + arc.bytes, 0);
      return [
        node.addr,
        nodeName(node.id),
        `${(share * 100).toFixed(1)} %`,
        keys.toLocaleString('en'),
        bytes.toLocaleString('en'),
        copies.toLocaleString('en'),
      ];
    });
  return table(['node', 'id', 'share', 'keys', 'bytes', 'copies of others'], rows);
}

/** Columns as wide as their widest cell; figures (from the third column on) to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
