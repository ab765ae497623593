import fc from 'fast-check';
import { QUOTED_BYTES_MAX, excerpt, quoted } from '@ringkeep/shared';

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ maxLength: 300 }),
);

test('a short text is quoted whole, a long one by its beginning, and none beyond the bound or in half a character', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const cut = excerpt(text);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(QUOTED_BYTES_MAX);
      if (Buffer.byteLength(text) <= QUOTED_BYTES_MAX) expect(cut).toBe(text);
      else expect([cut.endsWith('…'), text.startsWith(cut.slice(0, -1))]).toEqual([true, true]);
      expect(Buffer.from(cut).toString()).toBe(cut);
      expect(Buffer.byteLength(quoted(text))).toBeLessThanOrEqual(QUOTED_BYTES_MAX);
    }),
  );
});
