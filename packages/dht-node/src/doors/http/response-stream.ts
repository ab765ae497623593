/**
 * The body of an answer that has no end yet. It is written as fast as its reader takes it, and a reader that takes
 * nothing is cut after a while.
 */

import type { ServerResponse } from 'node:http';

/** The reader is gone: nothing that is written reaches anybody. */
export class ReaderGone extends Error {}

/** Hears how the reader keeps up. */
export interface ReaderCount {
  /** It has left something unread. */
  stands(): void;
  /** It has taken something, or had nothing to take. */
  moved(): void;
  /** So many bytes wait for it. */
  holds(bytes: number): void;
}

export class ResponseStream {
  /** Bytes that wait elsewhere until something can be written. */
  behind: () => number = () => 0;
  private room: Promise<void> | undefined;
  private isGone: boolean;

  constructor(
    private readonly response: ServerResponse,
    private readonly reader: ReaderCount,
    /** So long it may stand still. */
    private readonly unreadMs: number,
  ) {
    this.isGone = response.closed;
    response.once('close', () => (this.isGone = true));
  }

  /** Whether nothing may be written now without waiting. */
  get isFull(): boolean {
    return this.room !== undefined;
  }

  /** Resolves when there is room for more. Throws ReaderGone. */
  async write(text: string): Promise<void> {
    if (this.isGone) throw new ReaderGone('the reader is gone');
    if (this.response.write(text)) return;
    this.room ??= this.untilRoom().finally(() => (this.room = undefined));
    await this.room;
  }

  /** What waits elsewhere has changed, perhaps. */
  recount(): void {
    if (this.isFull) this.reader.holds(this.response.writableLength + this.behind());
  }

  /** Called once, when the reader goes, at the latest when the answer is over. */
  onGone(gone: () => void): void {
    if (this.isGone) gone();
    else this.response.once('close', gone);
  }

  private untilRoom(): Promise<void> {
    const { response, reader } = this;
    reader.stands();
    reader.moved();
    reader.holds(response.writableLength + this.behind());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => response.socket?.destroy(), this.unreadMs);
      const over = (): void => {
        clearTimeout(timer);
        response.off('drain', over);
        response.off('close', over);
        reader.moved();
        reader.holds(response.writableLength);
        if (this.isGone || response.destroyed) reject(new ReaderGone('the reader is gone'));
        else resolve();
      };
      response.on('drain', over);
      response.on('close', over);
    });
  }
}
