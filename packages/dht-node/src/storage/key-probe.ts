/**
 * A ring key on its way into a table, as bytes and as words. One call copies it out of a string, whatever the string's
 * form, and everything after that is arithmetic. Asking a string for its characters one by one costs ten times as much.
 */

import type { RingKey } from '@ringkeep/shared';
import { invariant } from '@ringkeep/shared/ring/errors';
import { PLACE_BYTES_MAX } from '@ringkeep/shared/ring/ring-key';
import type { Keyed } from '../core/replica/entry-store';
import { hashOf } from './key-hash';

const WORD_BYTES = 4;
/** With the zeros behind the longest place of a scan, which is a byte longer than the longest key: it may be announced. */
const CAPACITY_WORDS = Math.ceil(PLACE_BYTES_MAX / WORD_BYTES) + 1;

export class KeyProbe {
  readonly bytes = Buffer.alloc(CAPACITY_WORDS * WORD_BYTES);
  /** The same memory; the last word of the key is filled up with zeros. In the machine's byte order. */
  readonly words = new Uint32Array(this.bytes.buffer, this.bytes.byteOffset, CAPACITY_WORDS);
  /** Of the key, in bytes. */
  length = 0;
  /** Of the key. */
  hash = 0;
  key = '' as RingKey;

  /** Takes the place of the key before. */
  take(key: RingKey): this {
    invariant(key.length <= PLACE_BYTES_MAX, 'a ring key is as long as the parameters allow at most');
    this.length = this.bytes.write(key, 'latin1');
    this.bytes[this.length] = this.bytes[this.length + 1] = this.bytes[this.length + 2] = 0;
    this.hash = hashOf(this.words, 0, this.lengthInWords);
    this.key = key;
    return this;
  }

  get lengthInWords(): number {
    return (this.length + WORD_BYTES - 1) >>> 2;
  }

  /** Four bits of the position, counted from its beginning. */
  nibble(depth: number): number {
    const byte = this.bytes[depth >> 1] as number;
    return depth & 1 ? byte & 15 : byte >> 4;
  }
}

/** Of keys and values of usual sizes, these and their entries fit a processor's nearest cache. */
export const AHEAD_MAX = 64;

/** This many announced keys in a row may be skipped. */
const LEFT_OUT_MAX = 4;

/**
 * The probes for look-ups: that of the one under way, and those of keys announced before. An announced key is known again
 * by its bytes; a few may be left out, and behind more of them the others are copied a second time.
 */
export class KeyProbes {
  private readonly single = new KeyProbe();
  private readonly announced = Array.from({ length: AHEAD_MAX }, () => new KeyProbe());
  private readonly keys = new Array<RingKey | undefined>(AHEAD_MAX).fill(undefined);
  private next = 0;
  private end = 0;

  /** Announces the items from `from` on, as many as there is room for, in the place of those before. @returns how many */
  announce(items: readonly Keyed[], from: number): number {
    this.next = 0;
    this.end = Math.min(AHEAD_MAX, items.length - from);
    for (let i = 0; i < this.end; i++) {
      const { key } = items[from + i] as Keyed;
      this.announcedAt(i).take(key);
      this.keys[i] = key;
    }
    return this.end;
  }

  announcedAt(index: number): KeyProbe {
    return this.announced[index] as KeyProbe;
  }

  /** A key's probe, to be used before the next one is taken. */
  take(key: RingKey): KeyProbe {
    const last = Math.min(this.end, this.next + LEFT_OUT_MAX);
    for (let i = this.next; i < last; i++) {
      if (this.keys[i] !== key) continue;
      this.next = i + 1;
      return this.announcedAt(i);
    }
    return this.single.take(key);
  }
}
