/** What a watch is told survives the wire as it is, and what does not add up is refused. */

import { position, type Bytes } from '@ringkeep/shared';
import { ringKeyOf, seal } from '@ringkeep/shared/operations';
import { decodeWatchEvents, dht, encodeWatchEnd, encodeWatchEvents } from '@ringkeep/shared/wire';

const range = { start: position(5n), end: position(2n ** 64n - 1n) };
const key = (name: string): ReturnType<typeof ringKeyOf> => ringKeyOf(name as Bytes);
const put = (seq: number, name: string, value: string): { seq: number; entry: never } => {
  return { seq, entry: { key: key(name), value: seal(key(name), seq, value as Bytes) } as never };
};
const sent = (message: dht.WatchEvents): dht.WatchEvents =>
  dht.WatchEvents.decode(dht.WatchEvents.encode(message).finish());

test('changes of all kinds come out as they went in, with their numbers', () => {
  const changes = [
    put(2 ** 40, 'a', 'one'),
    put(2 ** 40, 'b', ''),
    { seq: 2 ** 40 + 7, entry: { key: key('a'), value: undefined } },
    { seq: 2 ** 40 + 8, entry: { key: key('\xff\x00'), value: undefined, cause: 'expiry' as const } },
  ];
  expect(decodeWatchEvents(sent(encodeWatchEvents(range, 2 ** 40 + 9, changes)))).toEqual({
    range,
    through: 2 ** 40 + 9,
    ended: undefined,
    changes: [
      { kind: 'put', key: 'a', value: 'one', version: 2 ** 40 },
      { kind: 'put', key: 'b', value: '', version: 2 ** 40 },
      { kind: 'delete', key: 'a', value: undefined, version: 2 ** 40 + 7 },
      { kind: 'expiry', key: '\xff\x00', value: undefined, version: 2 ** 40 + 8 },
    ],
  });
});

test('the ends of a range are told apart', () => {
  for (const because of ['moved', 'lost'] as const)
    expect(decodeWatchEvents(sent(encodeWatchEnd(range, 7, because)))).toMatchObject({
      range,
      through: 7,
      ended: because,
    });
});

test('what does not add up is refused', () => {
  const message = encodeWatchEvents(range, 1, [put(1, 'a', 'one')]);
  const wrong: Partial<dht.WatchEvents>[] = [
    { steps: [] },
    { keyLengths: [2] },
    { valueLengths: [] },
    { valueLengths: [9] },
    { valueLengths: [3, 0] },
    { kinds: Buffer.from([0]) },
    { kinds: Buffer.from([9]) },
  ];
  for (const part of wrong) expect(() => decodeWatchEvents({ ...message, ...part })).toThrow('do not add up');
});
