import { crc32c } from '../../src/operations/crc32c';

test('gives the check value of CRC-32C and the vectors of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32, 0))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e);
  expect(crc32c(Buffer.alloc(0))).toBe(0);
});

test('goes on from the checksum of what came before, wherever the bytes are parted', () => {
  const bytes = Buffer.from(Array.from({ length: 61 }, (_, i) => (i * 37) & 255));
  for (let at = 0; at <= bytes.length; at++) {
    expect(crc32c(bytes, at, bytes.length, crc32c(bytes, 0, at))).toBe(crc32c(bytes));
  }
});
