/** What is asked of the owner of a place, as bytes. */

import type { Bytes } from '../../src/ring/bytes';
import { decodeScanQuery, encodeScanQuery, type ScanQuery } from '../../src/scans';

const ends = (end: Bytes | undefined): ScanQuery => ({
  prefix: undefined,
  tag: undefined,
  keysOnly: true,
  limit: 10,
  byKey: { from: 'a' as Bytes, to: undefined, reverse: true, end },
});

test('a stretch ends at a position, or with the arc', () => {
  for (const end of [undefined, '\0'.repeat(8) as Bytes, '\xff'.repeat(8) as Bytes])
    expect(decodeScanQuery(encodeScanQuery(ends(end)))).toEqual(ends(end));
});

test.each([0, 1, 7, 9, 1_024])('an end of %i bytes is no position: it is refused', (length) => {
  const asked = encodeScanQuery(ends('x'.repeat(length) as Bytes));
  expect(() => decodeScanQuery(asked)).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`a position of 8 bytes, got ${length}`),
    }),
  );
});
