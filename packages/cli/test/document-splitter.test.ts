import fc from 'fast-check';
import { DocumentSplitter, type Element } from '../src/bulk/document-splitter';
import { LineSplitter } from '../src/bulk/line-splitter';
import { compact, depthOf } from '../src/bulk/record';

/** JSON as people write it: with white space where it may be. */
function spaced(value: unknown, space: string): string {
  if (Array.isArray(value)) {
    return `[${space}${value.map((item) => spaced(item, space)).join(`${space},${space}`)}${space}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}${space}:${space}${spaced(item, space)}`,
  );
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
}

function split(text: string, cuts: readonly number[]): Element[] {
  const splitter = new DocumentSplitter();
  const bytes = Buffer.from(text);
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const elements = at.slice(1).flatMap((end, index) => splitter.push(bytes.subarray(at[index], end)));
  splitter.end();
  return elements as Element[];
}

const json = fc.jsonValue({ maxDepth: 4 });
const space = fc.constantFrom('', ' ', '\n', ' \r\n\t');
const cuts = fc.array(fc.nat(), { maxLength: 8 });

test('an array gives its elements whole, wherever the file is cut into pieces', () => {
  fc.assert(
    fc.property(fc.array(json), space, cuts, (items, gap, at) => {
      const elements = split(spaced(items, gap), at);
      expect(elements.map(({ text }) => JSON.parse(text.toString()))).toEqual(
        JSON.parse(JSON.stringify(items)),
      );
      for (const { text, depth } of elements) expect(depth).toBe(depthOf(text));
    }),
  );
});

test('an object gives its members with their names, wherever the file is cut into pieces', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), space, cuts, (members, gap, at) => {
      const elements = split(spaced(members, gap), at);
      const got = elements.map(({ key, text }) => [JSON.parse(key!.toString()), JSON.parse(text.toString())]);
      expect(got).toEqual(Object.entries(JSON.parse(JSON.stringify(members)) as object));
    }),
  );
});

test('white space goes, everything else stays', () => {
  fc.assert(
    fc.property(json, space, (value, gap) => {
      expect(compact(spaced(value, gap))).toBe(spaced(value, ''));
    }),
  );
  expect(compact('{ "a" : [ 1.0 , 1e400 , 12345678901234567890 , "x  \\" y" ] }')).toBe(
    '{"a":[1.0,1e400,12345678901234567890,"x  \\" y"]}',
  );
});

test('elements know the line on which they begin', () => {
  const elements = split('{\n "a": 1,\n "b":\n  {\n  "c": [\n]}\n, "d": 3}', []);
  expect(elements.map(({ line }) => line)).toEqual([2, 3, 7]);
});

test.each([
  ['{"a": 1', 'line 1: the file ends before its JSON does in an element that begins on line 1'],
  ['[1,\n2', 'line 2: the file ends before its JSON does'],
  ['[1 2]', 'line 1: expected , or ], got 2'],
  ['[1,]', 'line 1: expected a value, got ]'],
  ['[,1]', 'line 1: expected a value, got ,'],
  ['{1: 2}', 'line 1: expected a key in quotes or }, got 1'],
  ['{"a" 2}', 'line 1: expected a colon, got 2'],
  ['{"a": 2,}', 'line 1: expected a key in quotes, got }'],
  ['[{"a": [1}]', 'line 1: expected the other closing bracket, got }'],
  ['[1]\n[2]', 'line 2: expected nothing after the end of the document, got ['],
  ['  true', 'line 1: expected [ or {, got t'],
  ['', 'line 1: the file is empty'],
])('a broken structure is named with its line: %s', (text, message) => {
  expect(() => split(text, [])).toThrow(message);
});

test('what came before a break is not lost', () => {
  const splitter = new DocumentSplitter();
  expect(() => splitter.push(Buffer.from('[1, 2, }'))).toThrow('expected a value');
  expect(splitter.take()).toHaveLength(2);
});

test('an element too large to keep is passed over, and the next one is read', () => {
  const splitter = new DocumentSplitter();
  const piece = Buffer.alloc(1 << 20, 'x');
  const found = splitter.push(Buffer.from('[1, "'));
  for (let i = 0; i < 9; i++) found.push(...splitter.push(piece));
  found.push(...splitter.push(Buffer.from('", 2]')));
  splitter.end();
  expect(found.map((part) => 'bytesMax' in part)).toEqual([false, true, false]);
});

test('lines come whole, wherever the file is cut into pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ -~]*$/)), cuts, (lines, at) => {
      const bytes = Buffer.from(lines.join('\n'));
      const ends = [...at.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const splitter = new LineSplitter();
      let start = 0;
      const found = ends.flatMap((end) => {
        const part = splitter.push(bytes.subarray(start, end));
        start = end;
        return part;
      });
      found.push(...splitter.end());
      const expected = lines.flatMap((text, index) =>
        text.trim() === '' ? [] : [{ line: index + 1, text }],
      );
      expect(found.map((part) => ('text' in part ? { ...part, text: part.text.toString() } : part))).toEqual(
        expected,
      );
    }),
  );
});
