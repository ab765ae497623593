/** A few inputs for every target of `npm run fuzz`, which takes as many as there is time for. */

import fc from 'fast-check';
import { fuzzCase } from '../fuzz/fuzz-case';
import { runTarget } from '../fuzz/run-target';
import { TARGETS } from '../fuzz/targets';

const RUN = { inputs: 800, seed: 1 };

test.each(Object.entries(TARGETS))('%s holds whatever is sent', (_, target) => {
  const lines: string[] = [];
  const held = runTarget(target, { ...RUN, told: (line) => lines.push(line) });
  expect(held ? '' : lines.join('\n')).toBe('');
});

test('what breaks is told with its seed', () => {
  const lines: string[] = [];
  const broken = fuzzCase('broken', fc.nat(), (n) => {
    if (n > 1_000) throw new Error('too large');
  });
  const target = { text: 'a target that breaks', cases: [broken] };
  expect(runTarget(target, { ...RUN, told: (line) => lines.push(line) })).toBe(false);
  expect(lines.join('\n')).toMatch(/broken: Property failed after .*seed: 1/s);
});
