/**
 * Takes the values out of a reply so that each keeps little more than itself in memory.
 *
 * Views of the reply would be cheapest, but whoever keeps one value of a batch would then keep the whole reply. Copying
 * each value costs a memory block each, a tenth of the cost of a read. So there are three cases. The smallest values
 * are copied, because they need no block. The others are views of pieces that are copied as a whole and hold some
 * sixteen values of that size. A value that is most of its reply stays where it is.
 */

/** Up to here V8 keeps the bytes in the object itself. */
const INLINE_BYTES_MAX = 64;
/** The smallest piece: smaller ones cost more than they save. */
const PIECE_BYTES_LEAST = 2_048;
/** Values of the same size in a piece. */
const PIECE_VALUES = 16;

/** Takes the values out of one reply, in the order in which they lie there. */
export class KeptValues {
  private piece: Buffer | undefined;
  private pieceFrom = 0;
  private pieceTo = 0;

  /** The value in those bytes of the reply. */
  readonly take = (blob: Buffer, from: number, to: number): Uint8Array => {
    const size = to - from;
    if (2 * size >= blob.buffer.byteLength) return blob.subarray(from, to);
    if (size <= INLINE_BYTES_MAX) {
      const copy = Buffer.allocUnsafeSlow(size);
      for (let i = 0; i < size; i++) copy[i] = blob[from + i] as number;
      return copy;
    }
    if (this.piece === undefined || from < this.pieceFrom || to > this.pieceTo) {
      const bytes = Math.max(PIECE_BYTES_LEAST, PIECE_VALUES * size);
      this.pieceFrom = from;
      this.pieceTo = Math.min(blob.length, from + bytes);
      this.piece = Buffer.allocUnsafeSlow(this.pieceTo - from);
      blob.copy(this.piece, 0, from, this.pieceTo);
    }
    return this.piece.subarray(from - this.pieceFrom, to - this.pieceFrom);
  };
}
