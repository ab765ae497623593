/**
 * Makes a page of a scan (scan-page.ts has its form) of entries as they are stored.
 *
 * An entry's key and envelope are copied to where they go in the page and checked there. The envelope has flags, version
 * and expiry in the form in which a page has them; then the length of the value takes the place of the checksum.
 */

import type { Arc } from '../ring/arc';
import type { Bytes } from '../ring/bytes';
import { invariant } from '../ring/errors';
import { positionBytes, POSITION_BYTES, type RingKey } from '../ring/ring-key';
import { CHECKSUM_BYTES, checksumStart, isSoundIn, type StoredValue } from '../operations/stored';
import { encodeVarint, writeVarint } from '../operations/varint';
import { HAS_NEXT, HAS_VALUE } from './scan-page';

/** Room for what stands before the entries: two positions, two numbers, and the next place with its length. */
const HEAD_BYTES_MAX = 2_048;
/** Of an entry: the length of its key. */
const LENGTH_BYTES_MAX = 4;
/** Of the usual pages, so that they need no memory of their own. */
const SCRATCH_BYTES = 256 * 1024;

const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** One is used at a time, within one turn of the event loop: its memory is the next one's, too. */
export class ScanPageWriter {
  /** Those that are kept. */
  entries = 0;
  private bytes = scratch;
  /** The end of the entries that are kept. */
  private end = HEAD_BYTES_MAX;
  /** The end of the entry that was written last. */
  private writtenTo = HEAD_BYTES_MAX;

  constructor(private readonly keysOnly: boolean) {}

  /**
   * Writes an entry behind those that are kept. It is no part of the page before `keep`.
   *
   * @returns false if it is damaged: then it is not to be kept
   */
  write(key: RingKey, stored: StoredValue): boolean {
    this.makeRoom(key.length + stored.length);
    const { bytes, end } = this;
    const keyLength = key.length - POSITION_BYTES;
    const keyAt = writeVarint(bytes, end, keyLength);
    // The checksum covers the position, which is no part of the page: it stands before the key for the check only.
    const from = keyAt - POSITION_BYTES;
    const first = bytes.readInt32LE(from);
    const second = bytes.readInt32LE(from + 4);
    const envelopeAt = from + bytes.write(key, from, 'latin1');
    const to = envelopeAt + bytes.write(stored, envelopeAt, 'latin1');
    const isSound = isSoundIn(bytes, from, envelopeAt, envelopeAt, to);
    bytes.writeInt32LE(first, from);
    bytes.writeInt32LE(second, from + 4);
    if (isSound) this.finishEntry(envelopeAt, to);
    return isSound;
  }

  /** What was written last, and is sound, is a part of the page. */
  keep(): void {
    this.entries++;
    this.end = this.writtenTo;
  }

  /**
   * @param next where the next page begins; undefined when the scan is over
   * @param range the owner's arc
   * @param seq the number up to which the arc's operations are in the page
   */
  finish(next: RingKey | undefined, range: Arc, seq: number): Bytes {
    const head =
      String.fromCharCode(next === undefined ? 0 : HAS_NEXT) +
      positionBytes(range.start) +
      positionBytes(range.end) +
      encodeVarint(seq) +
      (next === undefined ? '' : encodeVarint(next.length) + next) +
      encodeVarint(this.entries);
    invariant(head.length <= HEAD_BYTES_MAX, 'a place is as long as a key allows at most');
    const from = HEAD_BYTES_MAX - head.length;
    this.bytes.write(head, from, 'latin1');
    return this.bytes.toString('latin1', from, this.end) as Bytes;
  }

  /** Of a sound envelope. */
  private finishEntry(envelopeAt: number, to: number): void {
    const { bytes } = this;
    const checksumAt = checksumStart(bytes, envelopeAt);
    if (this.keysOnly) {
      this.writtenTo = checksumAt;
      return;
    }
    bytes[envelopeAt] = (bytes[envelopeAt] as number) | HAS_VALUE;
    const valueAt = checksumAt + CHECKSUM_BYTES;
    const movedTo = writeVarint(bytes, checksumAt, to - valueAt);
    bytes.copyWithin(movedTo, valueAt, to);
    this.writtenTo = movedTo + to - valueAt;
  }

  private makeRoom(contentBytes: number): void {
    const needed = this.end + LENGTH_BYTES_MAX + contentBytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * needed);
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }
}
