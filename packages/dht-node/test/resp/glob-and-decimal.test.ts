/** Patterns and decimal numbers, as Redis has them. */

import fc from 'fast-check';
import type { Bytes } from '@ringkeep/shared';
import { literalPrefix, matchesGlob } from '../../src/doors/resp/glob';
import { decimalIn, sumOf, textOfDecimal } from '../../src/doors/resp/commands/decimal';

describe('a pattern', () => {
  test.each([
    ['*', '', true],
    ['h?llo', 'hello', true],
    ['h?llo', 'hllo', false],
    ['h*llo', 'heeello', true],
    ['h[ae]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-c]llo', 'hbllo', true],
    ['h[c-a]llo', 'hbllo', true],
    ['h\\*llo', 'h*llo', true],
    ['h\\*llo', 'hello', false],
    ['[\\]]', ']', true],
    ['[a', 'a', true],
    ['*{t}*', 'x{t}y', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'aXbY', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  test('takes no exponential time', () => {
    const startedMs = performance.now();
    expect(matchesGlob('a*'.repeat(100) + 'b', 'a'.repeat(10_000))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test('matches nothing that does not begin with its literal part', () => {
    const char = fc.constantFrom('a', 'b', '*', '?', '[', ']', '\\', '-', '^');
    const word = fc.array(char, { maxLength: 8 }).map((chars) => chars.join(''));
    fc.assert(
      fc.property(word, word, (pattern, text) => {
        if (matchesGlob(pattern, text)) expect(text.startsWith(literalPrefix(pattern))).toBe(true);
      }),
    );
  });
});

function sum(a: string, b: string): string {
  const [one, two] = [decimalIn(a as Bytes), decimalIn(b as Bytes)];
  if (one === undefined || two === undefined) throw new Error('no number');
  return textOfDecimal(sumOf(one, two));
}

describe('a sum of decimals', () => {
  test.each([
    ['0.1', '0.2', '0.3'],
    ['1', '-1.1', '-0.1'],
    ['17179869184', '1.5', '17179869185.5'],
    ['5.0e3', '2.0e2', '5200'],
    ['.5', '1.', '1.5'],
    ['-0.5', '0.5', '0'],
    ['0.024390243902439025', '0', '0.02439024390243902'],
    ['0.02439024390243902', '-0.024390243902439025', '0'],
    ['1e-300', '1', '1'],
  ])('%s + %s = %s', (a, b, expected) => {
    expect(sum(a, b)).toBe(expected);
  });

  test.each(['', '.', 'e5', '1e', 'abc', '1 ', ' 1', 'nan', 'inf', '0x10', '1e99999'])(
    '%j is none',
    (text) => {
      expect(decimalIn(text as Bytes)).toBeUndefined();
    },
  );

  test('of whole numbers is that of whole numbers', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        expect(sum(String(a), String(b))).toBe(String(a + b));
      }),
    );
  });
});
