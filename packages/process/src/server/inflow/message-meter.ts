/**
 * How much has arrived of the message that a gRPC stream is being sent. One byte of flags and four of length come
 * before each message. A message is kept in pieces until it is complete, and each piece keeps everything in memory that
 * was read from the socket with it (kept-reads.ts).
 */

/** Is told which memory the pieces of an incomplete message belong to. */
export interface PieceKeeper {
  /** This many more bytes are kept, of one read; `first`: the message had no piece of that read before. */
  keep(read: ArrayBufferLike, bytes: number, first: boolean): void;
  /** The message is complete, or never will be. */
  release(reads: ReadonlySet<ArrayBufferLike>, bytes: number): void;
}

const HEADER_BYTES = 5;

export class MessageMeter {
  /** Messages that have come in whole. */
  complete = 0;
  /** Bytes of all of them, without their headers. */
  completeBytes = 0;
  /** Bytes of the incomplete message that have arrived. */
  incompleteBytes = 0;
  private header = 0;
  private length = 0;
  private left = 0;
  private reads = new Set<ArrayBufferLike>();
  private keptBytes = 0;

  constructor(private readonly keeper: PieceKeeper) {}

  get hasIncomplete(): boolean {
    return this.header > 0;
  }

  take(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      if (this.header < HEADER_BYTES) {
        if (this.header > 0) this.length = this.length * 256 + (piece[at] as number);
        this.header++;
        this.incompleteBytes++;
        at++;
        if (this.header < HEADER_BYTES) continue;
        this.left = this.length;
      } else {
        const taken = Math.min(this.left, piece.length - at);
        this.left -= taken;
        this.incompleteBytes += taken;
        at += taken;
      }
      if (this.left === 0) this.completed();
    }
    if (this.header > 0) this.keep(piece.buffer);
  }

  /** The stream is over: nothing is kept for it any more. */
  forget(): void {
    if (this.reads.size > 0) this.keeper.release(this.reads, this.keptBytes);
    this.reads = new Set();
    this.keptBytes = 0;
    this.incompleteBytes = 0;
    this.header = 0;
    this.length = 0;
  }

  private keep(read: ArrayBufferLike): void {
    const bytes = this.incompleteBytes - this.keptBytes;
    this.keptBytes = this.incompleteBytes;
    this.keeper.keep(read, bytes, !this.reads.has(read));
    this.reads.add(read);
  }

  private completed(): void {
    this.complete++;
    this.completeBytes += this.length;
    this.forget();
  }
}
