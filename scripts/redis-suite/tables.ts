/** The verdicts as tables of a document: by file, and why cases do not apply. */

import type { CaseVerdict } from './judge';

export function tables(verdicts: ReadonlyMap<string, readonly CaseVerdict[]>): string {
  const lines = ['| file | passed | do not apply | failed |', '| --- | ---: | ---: | ---: |'];
  for (const [file, cases] of verdicts) {
    const count = (kind: CaseVerdict['kind']): number => cases.filter((each) => each.kind === kind).length;
    lines.push(`| \`${file}\` | ${count('passed')} | ${count('not applicable')} | ${count('failed')} |`);
  }
  lines.push('', '| why they do not apply | cases |', '| --- | ---: |');
  const reasons = new Map<string, number>();
  for (const each of [...verdicts.values()].flat())
    if (each.kind === 'not applicable') reasons.set(each.reason, (reasons.get(each.reason) ?? 0) + 1);
  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]))
    lines.push(`| ${reason} | ${count} |`);
  return lines.join('\n');
}
