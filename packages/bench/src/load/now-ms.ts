/** The time of the machine's monotonic clock, which all its processes share, and how a value carries it. */

const NS_PER_MS = 1e6;

export function nowMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}

/** The same value, with a time at its beginning. */
export function stamped(value: Buffer, ms: number): Buffer {
  const copy = Buffer.from(value);
  copy.writeDoubleLE(ms);
  return copy;
}

export function stampOf(value: Buffer): number {
  return value.readDoubleLE();
}
