/**
 * What a connection keeps in memory beyond the pieces of its incomplete messages. A piece is a view of everything that
 * was read from the socket at once, at most 64 KiB. So a caller that sends one byte of a message among much that is
 * dropped at once makes the process keep all of it. That counts too: once, however many calls have a piece of it, and
 * against the connection.
 */

import { constants, type Http2Session } from 'node:http2';
import type { ByteBudget, Holding } from './byte-budget';
import type { PieceKeeper } from './message-meter';

export class KeptReads implements PieceKeeper {
  /** How many calls have a piece of each. */
  private readonly users = new Map<ArrayBufferLike, number>();
  private readBytes = 0;
  private piecesBytes = 0;
  private readonly holding: Holding;

  constructor(
    session: Http2Session,
    budget: ByteBudget,
    private readonly now: () => number,
    ended: () => void,
  ) {
    this.holding = budget.open(() => {
      if (session.destroyed) return;
      ended();
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      session.destroy();
      this.holding.close();
    });
    session.once('close', () => this.holding.close());
  }

  keep(read: ArrayBufferLike, bytes: number, first: boolean): void {
    const users = this.users.get(read) ?? 0;
    if (users === 0) this.readBytes += read.byteLength;
    if (first) this.users.set(read, users + 1);
    this.changed(bytes);
  }

  release(reads: ReadonlySet<ArrayBufferLike>, bytes: number): void {
    for (const read of reads) {
      const users = (this.users.get(read) ?? 0) - 1;
      if (users > 0) this.users.set(read, users);
      else {
        this.users.delete(read);
        this.readBytes -= read.byteLength;
      }
    }
    this.changed(-bytes);
  }

  private changed(pieceBytes: number): void {
    this.piecesBytes += pieceBytes;
    this.holding.set({ here: 0, there: Math.max(0, this.readBytes - this.piecesBytes) }, this.now());
  }
}
