/**
 * Watch on gRPC: what the core tells, in messages; and where another node is the owner, what that one tells, passed on.
 *
 * A message counts as taken when the stream has accepted it, which waits for the caller's window. The core bounds what
 * is on its way. A message that many watchers get is encoded once: they share the array of its changes.
 */

import { Metadata, type ClientReadableStream, type ServerWritableStream } from '@grpc/grpc-js';
import type { Arc, Member } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import type { KeyTerms } from '@ringkeep/shared/operations';
import type { CallBytes } from '@ringkeep/process/server';
import { cancelSoon, toServiceError } from '@ringkeep/shared/channel';
import { dht, encodeWatchEnd, encodeWatchEvents } from '@ringkeep/shared/wire';
import { readWatchRequest } from '../../codec';
import type { Change } from '../../core/replica/change-history';
import type { NodeHost } from '../../hosting/host';
import type { WatchSink } from '../../ask/open-watches';

export type WatchCall = ServerWritableStream<dht.WatchRequest, dht.WatchEvents>;

/** What a message without changes costs in memory. */
const MESSAGE_BYTES_LEAST = 500;

interface Encoded {
  readonly range: Arc;
  readonly through: number;
  readonly changes: readonly Change[];
  readonly message: dht.WatchEvents;
}

export class WatchStreams {
  readonly name = 'watch streams';
  private readonly calls = new Set<WatchCall>();
  private newest: Encoded | undefined;

  constructor(
    private readonly host: NodeHost,
    private readonly terms: () => KeyTerms,
    /** For streams to other nodes. */
    private readonly client: (member: Member) => dht.DhtNodeClient,
    /** Of the call that is just being accepted. */
    private readonly callBytes: () => CallBytes | undefined = () => undefined,
  ) {}

  accept(call: WatchCall): void {
    this.calls.add(call);
    call.sendMetadata(new Metadata());
    const over = (): void => void this.calls.delete(call);
    call.on('error', over);
    call.on('cancelled', over);
    try {
      const asked = readWatchRequest(call.request, this.terms());
      const watch = this.host.watches.open(asked, this.sinkOf(call));
      call.on('cancelled', () => this.host.watches.close(watch));
      call.on('error', () => this.host.watches.close(watch));
    } catch (error) {
      call.emit('error', toServiceError(error));
    }
  }

  stop(): void {
    for (const call of this.calls) call.end();
    this.calls.clear();
  }

  private sinkOf(call: WatchCall): WatchSink {
    const held = this.callBytes();
    let unsentBytes = 0;
    return {
      told: (range, through, changes, taken) => {
        const message = this.encoded(range, through, changes);
        const bytes = MESSAGE_BYTES_LEAST + message.blob.length;
        unsentBytes += bytes;
        held?.hold({ here: 0, there: unsentBytes });
        call.write(message, () => {
          unsentBytes -= bytes;
          held?.moved();
          held?.hold({ here: 0, there: unsentBytes });
          taken();
        });
      },
      rangeEnded: (range, through, because) => void call.write(encodeWatchEnd(range, through, because)),
      ended: (refusal) => {
        this.calls.delete(call);
        if (refusal === undefined) call.end();
        else call.emit('error', toServiceError(new RingError(refusal.code, refusal.text)));
      },
      elsewhere: (owner, over) => this.passOn(call, owner, over),
    };
  }

  private encoded(range: Arc, through: number, changes: readonly Change[]): dht.WatchEvents {
    const { newest } = this;
    if (newest?.changes === changes && newest.range === range && newest.through === through)
      return newest.message;
    const message = encodeWatchEvents(range, through, changes);
    this.newest = { range, through, changes, message };
    return message;
  }

  private passOn(call: WatchCall, owner: Member, over: () => void): void {
    const request = dht.WatchRequest.fromPartial({ ...call.request, direct: true });
    const source: ClientReadableStream<dht.WatchEvents> = this.client(owner).watch(request);
    const leave = (): void => {
      over();
      cancelSoon(source);
    };
    call.on('cancelled', leave);
    call.on('error', leave);
    call.on('drain', () => source.resume());
    source.on('data', (message: dht.WatchEvents) => {
      if (!call.write(message)) source.pause();
    });
    source.on('error', (error) => {
      over();
      if (this.calls.delete(call)) call.emit('error', error);
    });
    source.on('end', () => {
      over();
      if (this.calls.delete(call)) call.end();
    });
  }
}
