import fc from 'fast-check';
import { textAtPath } from '../src/bulk/json-path';

/** A value with its own way of being written, white space included, and every path in it. */
const numberText = fc.oneof(
  fc.constantFrom('-0', '0', '1', '1.0', '1e2', '1E+2', '100', '1e400', '-1e-400', '0.10'),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }).map(String),
);
const gap = fc.constantFrom('', ' ', '\n', '\t \r\n');
const nameText = fc.string().map((name) => JSON.stringify(name));
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    numberText,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('true', 'false', 'null', '{}', '[]', '[ ]', '{\n}'),
    fc
      .tuple(fc.array(fc.tuple(nameText, tie('tree'))), gap)
      .map(([members, g]) => `{${members.map(([k, v]) => `${g}${k}${g}:${g}${v}${g}`).join(',')}}`),
    fc.tuple(fc.array(tie('tree')), gap).map(([items, g]) => `[${items.map((v) => g + v + g).join(',')}]`),
  ),
}));

function pathsOf(value: unknown, before: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...before]];
  return [[...before], ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...before, name]))];
}

test('the text at each path of a document says what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(tree, gap, (json, g) => {
      const parsed: unknown = JSON.parse(json);
      for (const path of pathsOf(parsed)) {
        let value = parsed;
        for (const name of path) value = (value as { [name: string]: unknown })[name];
        expect(JSON.parse(textAtPath(g + json + g, path)!)).toEqual(value);
      }
    }),
  );
});

test('numbers are found as they are written, of repeated names the last one', () => {
  const json =
    '{"a": 1.0, "b" : {"c":[ -0 ,1E+2, 12345678901234567890]}, "\\u0061":1e400 , "__proto__":{"x": 7}}';
  expect(textAtPath(json, ['a'])).toBe('1e400');
  expect(textAtPath(json, ['b', 'c', '0'])).toBe('-0');
  expect(textAtPath(json, ['b', 'c', '1'])).toBe('1E+2');
  expect(textAtPath(json, ['b', 'c', '2'])).toBe('12345678901234567890');
  expect(textAtPath(json, ['__proto__', 'x'])).toBe('7');
});

test.each([[['d']], [['b', 'c', '3']], [['b', 'c', 'length']], [['b', 'c', '00']], [['a', 'x']]])(
  'nothing is found at %j',
  (path) => {
    expect(textAtPath('{"a": "x", "b": {"c": [1, [2], 3]}}', path)).toBeUndefined();
  },
);
