/**
 * What a watch is told, in the columns in which it travels. A node seals values in envelopes; here they leave them, as
 * they do in answers.
 */

import type { Arc, Bytes, RingKey } from '../ring';
import type { ChangeKind, ToldChange, WatchNews, WatchRangeEnd } from '../operations/changes';
import { valueIn, type StoredValue } from '../operations/stored';
import { RingError } from '../ring/errors';
import { position } from '../ring/position';
import { keyOf } from '../ring/ring-key';
import { ByteRope } from '../operations/byte-rope';
import { WatchEnd, type WatchEvents } from './generated/dht';

/** A change as replicas keep it. */
interface KeptChange {
  readonly seq: number;
  readonly entry: {
    readonly key: RingKey;
    readonly value: StoredValue | undefined;
    readonly cause?: 'expiry';
  };
}

const KINDS: readonly (ChangeKind | undefined)[] = [undefined, 'delete', 'put', 'expiry'];
const DELETE = KINDS.indexOf('delete');
const PUT = KINDS.indexOf('put');
const EXPIRY = KINDS.indexOf('expiry');
const ENDS = { moved: WatchEnd.Moved, lost: WatchEnd.Lost } as const;
const NO_BYTES = Buffer.alloc(0);

export function encodeWatchEvents(
  { start, end }: Arc,
  through: number,
  changes: readonly KeptChange[],
): WatchEvents {
  const kinds = Buffer.allocUnsafe(changes.length);
  const steps = new Array<number>(changes.length);
  const first = changes[0]?.seq ?? 0;
  let before = first;
  const keyLengths = new Array<number>(changes.length);
  const valueLengths: number[] = [];
  const bytes = new ByteRope();
  const values: Bytes[] = [];
  for (let index = 0; index < changes.length; index++) {
    const { seq, entry } = changes[index] as KeptChange;
    const key = keyOf(entry.key);
    steps[index] = seq - before;
    before = seq;
    keyLengths[index] = key.length;
    bytes.add(key);
    if (entry.value === undefined) {
      kinds[index] = entry.cause === 'expiry' ? EXPIRY : DELETE;
      continue;
    }
    kinds[index] = PUT;
    const value = valueIn(entry.value);
    valueLengths.push(value.length);
    values.push(value);
  }
  for (const value of values) bytes.add(value);
  const blob = bytes.toBuffer();
  const ended = WatchEnd.GoesOn;
  return { start, end, through, ended, kinds, first, steps, keyLengths, valueLengths, blob };
}

/** Nothing more is told of a range. */
export function encodeWatchEnd({ start, end }: Arc, through: number, because: WatchRangeEnd): WatchEvents {
  return {
    start,
    end,
    through,
    ended: ENDS[because],
    kinds: NO_BYTES,
    first: 0,
    steps: [],
    keyLengths: [],
    valueLengths: [],
    blob: NO_BYTES,
  };
}

/** Throws INTERNAL when it does not add up. */
export function decodeWatchEvents(message: WatchEvents): WatchNews {
  const { kinds, steps, keyLengths, valueLengths, blob, through } = message;
  const count = kinds.length;
  if (steps.length !== count || keyLengths.length !== count) throw unfitting();
  let valueAt = keyLengths.reduce((sum, length) => sum + length, 0);
  let keyAt = 0;
  let value = 0;
  let version = message.first;
  const text = blob.toString('latin1');
  const changes = new Array<ToldChange>(count);
  for (let index = 0; index < count; index++) {
    const kind = KINDS[kinds[index] as number];
    if (kind === undefined) throw unfitting();
    const keyEnd = keyAt + (keyLengths[index] as number);
    const key = text.slice(keyAt, keyEnd) as Bytes;
    keyAt = keyEnd;
    version += steps[index] as number;
    if (kind !== 'put') {
      changes[index] = { kind, key, value: undefined, version };
      continue;
    }
    const valueEnd = valueAt + (valueLengths[value++] ?? Number.NaN);
    if (!(valueEnd <= text.length)) throw unfitting();
    changes[index] = { kind, key, value: text.slice(valueAt, valueEnd) as Bytes, version };
    valueAt = valueEnd;
  }
  if (valueAt !== text.length || value !== valueLengths.length) throw unfitting();
  return { range: rangeOf(message), through, changes, ended: endOf(message.ended) };
}

function rangeOf({ start, end }: WatchEvents): Arc {
  return { start: position(start), end: position(end) };
}

/** An end that an older client does not know is one that has moved: it asks again. */
function endOf(ended: WatchEnd): WatchRangeEnd | undefined {
  if (ended === WatchEnd.GoesOn) return undefined;
  return ended === WatchEnd.Lost ? 'lost' : 'moved';
}

function unfitting(): RingError {
  return new RingError('INTERNAL', 'received changes whose lengths do not add up');
}
