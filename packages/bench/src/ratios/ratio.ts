/** One line of the table of ratios: what was promised, and what was measured. */

import type { TableData } from '../report/results';

export interface Ratio {
  readonly work: string;
  readonly against: string;
  /** The bound, in words: "≥ 1.2", "≤ 5 s". */
  readonly floor: string;
  readonly measured: string;
  /** The figures behind it. */
  readonly behind: string;
  /** Undefined when it could not be measured. */
  readonly met: boolean | undefined;
}

export function ratioTable(ratios: readonly Ratio[]): TableData {
  const rows = ratios.map(({ work, against, floor, measured, met, behind }) => [
    work,
    against,
    floor,
    measured,
    verdict(met),
    behind,
  ]);
  return { head: ['work', 'against', 'floor', 'measured', 'verdict', 'behind it'], rows };
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return 'not measured';
  return met ? 'met' : 'MISSED';
}
