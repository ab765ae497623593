/** One watch of the ring, at a node or at the registry: its updates and beats, decoded and checked, and its end. */

import type { ClientReadableStream } from '@grpc/grpc-js';
import type { RingBeat, RingUpdate } from '@ringkeep/shared';
import { cancelSoon, causeOf, channelTo, type TlsMaterial } from '@ringkeep/shared/channel';
import { beatFromWire, updateFromWire, type registry } from '@ringkeep/shared/wire';
import { RegistryCalls } from '@ringkeep/shared/wire/client-services';

export interface FeedEvents {
  /** The source has taken the watch. */
  accepted(): void;
  beat(beat: RingBeat): void;
  update(update: RingUpdate): void;
  ended(reason: string): void;
}

export class RingFeed {
  private over = false;

  constructor(
    private readonly stream: ClientReadableStream<registry.RingUpdate>,
    private readonly events: FeedEvents,
    /** Ends what the stream runs on, when it is the feed's own. */
    private readonly release: () => void = () => undefined,
    expected = 'a Ringkeep node',
  ) {
    stream.once('metadata', () => {
      if (!this.over) events.accepted();
    });
    stream.on('data', (message: registry.RingUpdate) => this.received(message));
    // An error is followed by its status, which says the same.
    stream.on('error', () => undefined);
    stream.on('status', (status) => this.lost(causeOf(status, 'the watch was ended', expected)));
  }

  static ofRegistry(
    address: string,
    request: registry.WatchRingRequest,
    tls: TlsMaterial | undefined,
    events: FeedEvents,
  ): RingFeed {
    const client = new RegistryCalls(...channelTo(address, tls));
    return new RingFeed(client.watchRing(request), events, () => client.close(), 'a Ringkeep registry');
  }

  /** Ends it; no event follows. */
  close(): void {
    if (this.over) return;
    this.over = true;
    cancelSoon(this.stream);
    this.release();
  }

  private received(message: registry.RingUpdate): void {
    if (this.over) return;
    let beat: RingBeat | undefined;
    let update: RingUpdate | undefined;
    try {
      beat = beatFromWire(message);
      if (beat === undefined) update = updateFromWire(message);
    } catch (error) {
      this.lost((error as Error).message);
      return;
    }
    if (beat !== undefined) this.events.beat(beat);
    if (update !== undefined) this.events.update(update);
  }

  private lost(reason: string): void {
    if (this.over) return;
    this.close();
    this.events.ended(reason);
  }
}
