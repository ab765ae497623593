/** What travels beside an operation comes back as it was, and what is malformed is said to be. */

import { RingError, type Bytes } from '../../src/ring';
import {
  checkOperation,
  decodeExpiry,
  decodeExtras,
  encodeExpiry,
  encodeExtras,
  OperationType,
  TTL_MS_MAX,
  type Condition,
  type Expiry,
  type Extras,
  type TimeToLive,
} from '../../src/operations';

const CONDITIONS: (Condition | undefined)[] = [
  undefined,
  { kind: 'absent' },
  { kind: 'present' },
  { kind: 'version', version: 2 ** 40 },
  { kind: 'value', value: 'a value' as Bytes },
  { kind: 'value', value: '' as Bytes },
];
const TTLS: (TimeToLive | undefined)[] = [
  undefined,
  { kind: 'keep' },
  { kind: 'none' },
  { kind: 'duration', ms: 1_500.25 },
];

test('extras of every kind come back as they were', () => {
  for (const condition of CONDITIONS)
    for (const ttl of TTLS)
      for (const flag of [false, true]) {
        const extras: Extras = {
          condition,
          showsPresent: flag,
          ...(ttl && { ttl }),
          ...(flag && { tellsTtl: true }),
        };
        expect(decodeExtras(encodeExtras(extras))).toEqual(extras);
      }
});

test.each<[string, string]>([
  ['', 'flags that this version does not know'],
  ['\x80', 'flags that this version does not know'],
  ['\x07', 'flags that this version does not know'],
  ['\x00x', '1 bytes too many'],
  ['\x30short', 'a time to live that is cut off'],
  ['\x30\0\0\0\0\0\0\0\0', 'a time to live that is no number of milliseconds'],
  ['\x03\xff', 'a version that is no number'],
])('%j is malformed: %s', (bytes, why) => {
  const found = decodeExtras(bytes as Bytes);
  expect(found).toBeInstanceOf(RingError);
  expect((found as RingError).message).toContain(why);
});

test('what expire brings comes back as it was', () => {
  for (const kind of ['duration', 'moment'] as const)
    for (const condition of [undefined, 'none', 'some', 'less', 'greater'] as const) {
      const expiry: Expiry = { kind, ms: -3.5, condition };
      expect(decodeExpiry(encodeExpiry(expiry))).toEqual(expiry);
    }
});

test.each([
  '',
  '\0',
  `\x0a${'\0'.repeat(8)}`,
  encodeExpiry({ kind: 'duration', ms: NaN, condition: undefined }),
])('what expire brings is malformed: %j', (bytes) => {
  expect(() => decodeExpiry(bytes as Bytes)).toThrow('malformed expiry');
});

test('only what writes a value brings a time to live', () => {
  const ttl: TimeToLive = { kind: 'duration', ms: TTL_MS_MAX };
  const extras = { condition: undefined, showsPresent: false, ttl };
  const limits = { keyBytesMax: 100, valueBytesMax: 100, positionRule: 'tag' } as const;
  const check = (type: number, ...operands: string[]) =>
    checkOperation(type, 'key' as Bytes, operands as Bytes[], undefined, limits, undefined, extras);
  expect(check(OperationType.set, 'value')).toMatchObject({ extras: { ttl } });
  for (const type of [OperationType.get, OperationType.delete, OperationType.persist])
    expect(check(type)).toMatchObject({ message: expect.stringContaining('brings no time to live') });
});
