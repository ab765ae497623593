/**
 * One watcher's stream. While it takes no more, updates are let pass and only their absence is noted; when
 * it has room again it gets what it missed in one message. So a slow watcher costs one message of memory,
 * not a queue.
 */

import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import type { RingError, RingUpdate } from '@ringkeep/shared';
import { toServiceError } from '@ringkeep/shared/runtime';
import { updateToWire, type registry } from '@ringkeep/shared/wire';
import type { RegistryHost, Watch } from '../host';

type Call = ServerWritableStream<registry.WatchRingRequest, registry.RingUpdate>;

/** An update goes to all watchers: it is made into a message once. */
const messages = new WeakMap<RingUpdate, registry.RingUpdate>();

export function serveWatch(host: RegistryHost, call: Call): void {
  new WatchStream(host, call);
}

class WatchStream {
  private readonly watch: Watch;
  private sentVersion: number;
  private full = false;
  private missed = false;

  constructor(
    host: RegistryHost,
    private readonly call: Call,
  ) {
    const { fromVersion, clusterId } = call.request;
    this.sentVersion = fromVersion;
    // At once: a client with nothing to catch up on must know that it is connected.
    call.sendMetadata(new Metadata());
    this.watch = host.watch(this, fromVersion, clusterId);
    call.on('drain', () => this.drained());
    call.on('cancelled', () => this.watch.end());
    call.on('error', () => this.watch.end());
  }

  publish(update: RingUpdate): void {
    if (this.full) {
      this.missed = true;
      return;
    }
    // What was on its way before it caught up: the answer to `resume` has it all and starts where it is.
    if (update.kind === 'change' && update.change.fromVersion !== this.sentVersion) return;
    this.sentVersion = update.kind === 'ring' ? update.ring.version : update.change.version;
    this.full = !this.call.write(messageOf(update));
  }

  refuse(error: RingError): void {
    this.call.emit('error', toServiceError(error));
  }

  private drained(): void {
    this.full = false;
    if (!this.missed) return;
    this.missed = false;
    this.watch.resume(this.sentVersion);
  }
}

function messageOf(update: RingUpdate): registry.RingUpdate {
  const known = messages.get(update);
  if (known) return known;
  const message = updateToWire(update);
  messages.set(update, message);
  return message;
}
