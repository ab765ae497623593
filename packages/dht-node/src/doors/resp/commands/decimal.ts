/**
 * Decimal numbers added exactly, for INCRBYFLOAT. Redis adds in long double and prints 17 places without the zeros at
 * the end; a double would print 0.1 + 0.2 as 0.30000000000000004. Here nothing is lost before the 17th place.
 */

import type { Bytes } from '@ringkeep/shared';

interface Decimal {
  readonly digits: bigint;
  /** Of the last digit: 0 for whole numbers, below for places behind the point. */
  readonly exponent: number;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/;
/** What a long double reaches. */
const EXPONENT_MAX = 4_932;
const PLACES = 17;
/** Longer texts are no numbers that anybody counts with. */
const TEXT_MAX = 5_000;

/** Undefined if the text is no number; so are infinity and whatever is beyond what Redis holds. */
export function decimalIn(text: Bytes): Decimal | undefined {
  const match = text.length <= TEXT_MAX ? NUMBER.exec(text) : null;
  if (match === null) return undefined;
  const [, sign, whole = '', places = '', exponent = '0'] = match;
  if (whole.length + places.length === 0) return undefined;
  const power = Number(exponent) - places.length;
  if (Math.abs(power) > EXPONENT_MAX) return undefined;
  const digits = BigInt(whole + places);
  return { digits: sign === '-' ? -digits : digits, exponent: power };
}

export function isInfinite(text: Bytes): boolean {
  return /^[+-]?inf(inity)?$/i.test(text);
}

export function sumOf(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { digits: scaled(a, exponent) + scaled(b, exponent), exponent };
}

/** With 17 places at most, and none of them a zero at the end. */
export function textOfDecimal(decimal: Decimal): Bytes {
  const rounded = decimal.exponent < -PLACES ? roundedTo(decimal) : scaled(decimal, -PLACES);
  const sign = rounded < 0n ? '-' : '';
  const digits = (rounded < 0n ? -rounded : rounded).toString().padStart(PLACES + 1, '0');
  const places = digits.slice(-PLACES).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -PLACES)}${places === '' ? '' : `.${places}`}` as Bytes;
}

function scaled({ digits, exponent }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(exponent - to);
}

/** Half to even, so that what was rounded before and is taken away again leaves nothing. */
function roundedTo({ digits, exponent }: Decimal): bigint {
  const unit = 10n ** BigInt(-PLACES - exponent);
  const size = digits < 0n ? -digits : digits;
  const whole = size / unit;
  const twice = 2n * (size % unit);
  const isUp = twice > unit || (twice === unit && whole % 2n === 1n);
  const rounded = isUp ? whole + 1n : whole;
  return digits < 0n ? -rounded : rounded;
}
