/**
 * One watcher's stream. While the watcher takes no more, updates are skipped, and it is only noted that some are
 * missing. When there is room again, the watcher gets what it missed in one message. So a slow watcher costs one
 * message of memory instead of a queue. A watcher that asks for beats gets them while nothing is in the way.
 */

import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import {
  knownOf,
  ringBeat,
  sameKnown,
  type KnownRing,
  type RingError,
  type RingUpdate,
} from '@ringkeep/shared';
import { toServiceError } from '@ringkeep/shared/channel';
import { beatToWire, updateToWire, type registry } from '@ringkeep/shared/wire';
import type { RegistryHost, Watch } from '../host';

type Call = ServerWritableStream<registry.WatchRingRequest, registry.RingUpdate>;

/** An update goes to all watchers, so it is made into a message once. */
const messages = new WeakMap<RingUpdate, registry.RingUpdate>();

export function serveWatch(host: RegistryHost, call: Call, leaseMs: number): void {
  new WatchStream(host, call, leaseMs);
}

class WatchStream {
  private readonly watch: Watch;
  private sent: KnownRing;
  private full = false;
  private missed = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    host: RegistryHost,
    private readonly call: Call,
    private readonly leaseMs: number,
  ) {
    const { fromVersion, fromRun, clusterId } = call.request;
    this.sent = { version: fromVersion, run: fromRun };
    // At once: a client with nothing to catch up on must know that it is connected.
    call.sendMetadata(new Metadata());
    this.watch = host.watch(this, this.sent, clusterId);
    call.on('drain', () => this.drained());
    call.on('cancelled', () => this.end());
    call.on('error', () => this.end());
    call.on('finish', () => this.end());
    if (call.request.beats) this.beat();
  }

  publish(update: RingUpdate): void {
    if (this.full) {
      this.missed = true;
      return;
    }
    // What was on its way before it caught up: the answer to `resume` has it all and starts where it is.
    const next = this.after(update);
    if (!next) return;
    this.sent = next;
    this.full = !this.call.write(messageOf(update));
  }

  refuse(error: RingError): void {
    this.call.emit('error', toServiceError(error));
  }

  private end(): void {
    clearTimeout(this.timer);
    this.watch.end();
  }

  private beat(): void {
    const beat = ringBeat(this.leaseMs, 0);
    this.timer = setTimeout(() => this.beat(), beat.intervalMs);
    if (!this.full && this.call.writable) this.full = !this.call.write(beatToWire(beat));
  }

  private drained(): void {
    this.full = false;
    if (!this.missed) return;
    this.missed = false;
    this.watch.resume(this.sent);
  }

  /** What the watcher knows after an update; undefined if the update does not continue what it was sent. */
  private after(update: RingUpdate): KnownRing | undefined {
    if (update.kind === 'ring') return knownOf(update.ring);
    const { fromVersion, fromRun, version, runs } = update.change;
    if (!sameKnown({ version: fromVersion, run: fromRun }, this.sent)) return undefined;
    return { version, run: runs.at(-1)?.id ?? fromRun };
  }
}

function messageOf(update: RingUpdate): registry.RingUpdate {
  const known = messages.get(update);
  if (known) return known;
  const message = updateToWire(update);
  messages.set(update, message);
  return message;
}
