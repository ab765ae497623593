/**
 * FNV-1a over the eight bytes of a number, lowest first, as 64 bits, reduced modulo `below`: how YCSB spreads the ranks
 * of its Zipfian distribution over the keys (site.ycsb.Utils.fnvhash64, ScrambledZipfianGenerator).
 *
 * In two halves of 32 bits, because a BigInt each would cost more than the operation that is measured.
 */

const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
/** The prime is 2^40 + 0x1b3. */
const PRIME_LOW = 0x1b3;
const TWO_32 = 2 ** 32;
/** Products of two residues stay exact below this. */
export const HASH_BELOW_MAX = 2 ** 26;

/** Of a non-negative safe integer. YCSB takes the absolute value of the signed hash; so does this. */
export function fnvHashBelow(value: number, below: number): number {
  let high = OFFSET_HIGH;
  let low = OFFSET_LOW;
  let valueLow = value >>> 0;
  let valueHigh = Math.floor(value / TWO_32) >>> 0;
  for (let i = 0; i < 8; i++) {
    low = (low ^ (valueLow & 0xff)) >>> 0;
    valueLow = (valueLow >>> 8) | (valueHigh << 24);
    valueHigh >>>= 8;
    const product = low * PRIME_LOW;
    high = (Math.imul(high, PRIME_LOW) + Math.floor(product / TWO_32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  if (high >= 0x80000000) {
    high = ~high >>> 0;
    low = -low >>> 0;
    if (low === 0) high = (high + 1) >>> 0;
  }
  return ((high % below) * (TWO_32 % below) + (low % below)) % below;
}
