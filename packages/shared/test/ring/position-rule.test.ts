/** The vectors are those of the Redis Cluster specification. */

import fc from 'fast-check';
import { bytesOfText, placed, ringKeyOf } from '../../src/operations';
import { positionOf, positionTagOf, tagOf, type Bytes } from '../../src/ring';

test.each([
  ['{user1000}.following', 'user1000'],
  ['{user1000}.followers', 'user1000'],
  ['foo{}{bar}', 'foo{}{bar}'],
  ['foo{{bar}}zap', '{bar'],
  ['foo{bar}{zap}', 'bar'],
  ['{}', '{}'],
  ['{}{a}', '{}{a}'],
  ['a{b', 'a{b'],
  ['a}b{c', 'a}b{c'],
  ['}{c}', 'c'],
  ['', ''],
])('the position of %j is the hash of %j', (key, hashed) => {
  expect(positionTagOf(key as Bytes, 'tag')).toBe(hashed);
  expect(positionTagOf(key as Bytes, 'whole-key')).toBe(key);
});

test('a key that is a tag, and every key with that tag, share a position, in any alphabet', () => {
  for (const tag of ['t', 'café', '鍵']) {
    const [alone, tagged] = [bytesOfText(tag), bytesOfText(`ключ {${tag}} x`)];
    expect(positionOf(ringKeyOf(tagged))).toBe(positionOf(ringKeyOf(alone)));
    expect(positionOf(ringKeyOf(tagged, 'whole-key'))).not.toBe(positionOf(ringKeyOf(alone, 'whole-key')));
  }
});

test('as the rule is written down, of any key', () => {
  const keys = fc.string({ unit: fc.constantFrom('{', '}', 'a', 'b'), maxLength: 8 });
  fc.assert(
    fc.property(keys, (key) => {
      expect(tagOf(key as Bytes)).toBe(/^[^{]*\{([^}]+)\}/.exec(key)?.[1]);
    }),
  );
});

test('as long as the rule is not known, a key with a tag has no place, and any other has its own', () => {
  expect(() => placed('{t}x' as Bytes, undefined)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
  expect(placed('a{b' as Bytes, undefined)).toBe(ringKeyOf('a{b' as Bytes, 'whole-key'));
});
