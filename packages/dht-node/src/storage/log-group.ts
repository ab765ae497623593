/** Batches that are written to the log as one, and the buffer in which they are put together. */

import { encodeRecord, recordBytes } from './log-record';

/** Larger groups would keep the first batch of a group waiting for the bytes of the last. */
const GROUP_BYTES_MAX = 1 << 20;

/** Where a group goes. */
interface Place {
  readonly roomBytes: number;
  readonly salt: number;
  /** Batches up to there are written, and durable. */
  readonly written: number;
  readonly synced: number;
}

export class LogGroup {
  private readonly buffer: Buffer;

  constructor(segmentBytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(Math.min(GROUP_BYTES_MAX, segmentBytes));
  }

  /**
   * Takes the first batch, which must fit, and as many of the next as there is room for. Its bytes are valid until the
   * next group.
   */
  of(
    waiting: readonly Uint8Array[],
    { roomBytes, salt, written, synced }: Place,
  ): { readonly bytes: Buffer; readonly count: number } {
    const first = recordBytes((waiting[0] as Uint8Array).length);
    const buffer = first > this.buffer.length ? Buffer.allocUnsafeSlow(first) : this.buffer;
    const bytesMax = Math.min(roomBytes, buffer.length);
    let end = 0;
    let count = 0;
    for (const batch of waiting) {
      if (end + recordBytes(batch.length) > bytesMax) break;
      end = encodeRecord(buffer, end, salt, written + ++count, synced, batch);
    }
    return { bytes: buffer.subarray(0, end), count };
  }
}
