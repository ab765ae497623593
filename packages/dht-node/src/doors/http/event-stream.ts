/**
 * Changes as server-sent events (HTML standard, "Server-sent events").
 *
 * How far a watch is, its cursor, is short where one place of the ring is watched, a key or a tag, and is each event's
 * id then: browsers send the last one again as Last-Event-ID. Elsewhere it grows with the ring, and is told in an event
 * of its own, now and then; whoever goes on from there, with a POST, may hear some changes again.
 */

import type { RingChanges, RingEvent } from '@ringkeep/client/watching';
import { CURSOR_MS, HEARTBEAT_MS } from './limits';
import { toldBytes } from './request/json';
import type { ResponseStream } from './response-stream';

/** How long a browser waits before it connects again, ms. */
const RETRY_MS = 1_000;

/** Resolves when the watch is over. Throws ReaderGone, or what ended the watch. */
export async function tellChanges(
  out: ResponseStream,
  changes: RingChanges<RingEvent>,
  hasShortCursor: boolean,
): Promise<void> {
  const teller = new Teller(out, changes, hasShortCursor);
  out.behind = () => changes.waitingBytes;
  out.onGone(() => void changes.return());
  // In a turn of its own: the cursor counts what was handed out, and all of that has been told by then. Whoever breaks
  // off behind an id that was told ahead of its change would never hear of the change.
  let beginning: NodeJS.Immediate | undefined;
  changes.ready.then(
    () => (beginning = setImmediate(() => teller.ready())),
    () => undefined,
  );
  const timer = setInterval(() => teller.look(), CURSOR_MS);
  try {
    await out.write(`retry: ${RETRY_MS}\n\n`);
    for await (const change of changes) await teller.tell(change);
  } finally {
    clearInterval(timer);
    clearImmediate(beginning);
    await changes.return();
  }
}

class Teller {
  private isReady = false;
  private hasNews = false;
  private quietMs = 0;

  constructor(
    private readonly out: ResponseStream,
    private readonly changes: RingChanges<RingEvent>,
    private readonly hasShortCursor: boolean,
  ) {}

  ready(): void {
    this.isReady = true;
    this.send('ready', { cursor: this.changes.cursor }).catch(() => undefined);
  }

  tell(change: RingEvent): Promise<void> {
    this.hasNews = true;
    const { kind, ...rest } = change;
    return this.send(kind, 'key' in rest ? { ...rest, ...textOf(rest) } : rest);
  }

  /** Each `CURSOR_MS`. */
  look(): void {
    // A reader that leaves something unread hears from it when it has read that.
    if (this.out.isFull) return this.out.recount();
    this.quietMs += CURSOR_MS;
    const isQuiet = this.quietMs >= HEARTBEAT_MS;
    if (!this.isReady || (!isQuiet && (this.hasShortCursor || !this.hasNews))) return;
    this.hasNews = false;
    const { cursor } = this.changes;
    // An id without data is no event, but whoever connects again goes on from there.
    const told = this.hasShortCursor
      ? this.write(`: still here\nid: ${cursor}\n\n`)
      : this.send('cursor', { cursor });
    told.catch(() => undefined);
  }

  private send(event: string, data: object): Promise<void> {
    const id = this.hasShortCursor ? `id: ${this.changes.cursor}\n` : '';
    return this.write(`${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  private write(text: string): Promise<void> {
    this.quietMs = 0;
    return this.out.write(text);
  }
}

/** A key and a value as text, or in base64 where they are none. */
function textOf({
  key,
  value,
}: {
  readonly key: Uint8Array;
  readonly value?: Uint8Array | undefined;
}): object {
  return {
    key: undefined,
    value: undefined,
    ...toldBytes('key', key),
    ...(value && toldBytes('value', value)),
  };
}
