/** A watcher's stream to a node, as the node's process serves it. A node that is not the owner passes nothing on here. */

import { keyTermsOf } from '@ringkeep/shared/operations';
import { dht, encodeWatchEnd, encodeWatchEvents } from '@ringkeep/shared/wire';
import { readWatchRequest } from '@ringkeep/dht-node/codec';
import type { WatchSink } from '@ringkeep/dht-node/hosting';
import type { Machine } from './machine';
import type { Party } from './network';
import { Stream, type StreamEnd } from './stream';
import type { World } from './world';

/**
 * @param takesMs how long the watcher takes for a message
 * @returns undefined if nobody answers there
 */
export function openChanges(
  world: World,
  from: Party,
  machine: Machine,
  request: dht.WatchRequest,
  watcher: StreamEnd,
  takesMs: number,
): Stream | undefined {
  const { process } = machine;
  const host = process?.host;
  if (!process || !host || world.network.shutSince(machine.party) !== undefined) return undefined;
  const close = (): void => {
    process.visitors.delete(visitor);
    if (watch !== undefined && !process.dead) host.watches.close(watch);
  };
  const send = (message: dht.WatchEvents): void => stream.send(1, dht.WatchEvents.encode(message).finish());
  const end = (): void => {
    process.visitors.delete(visitor);
    stream.close(1);
  };
  const sink: WatchSink = {
    told: (range, through, changes, taken) => {
      send(encodeWatchEvents(range, through, changes));
      world.timeline.after(takesMs, taken);
    },
    rangeEnded: (range, through, because) => send(encodeWatchEnd(range, through, because)),
    ended: end,
    elsewhere: end,
  };
  const stream: Stream = new Stream(world.network, [from, machine.party], watcher, {
    // The request is on its way like anything else.
    receive: (bytes) => {
      if (process.dead) return;
      const asked = readWatchRequest(dht.WatchRequest.decode(bytes), keyTermsOf(host.core.view.ring));
      watch = host.watches.open(asked, sink);
    },
    gone: close,
  });
  let watch: number | undefined;
  const visitor = { ringChanged: () => undefined, died: () => stream.die(1) };
  process.visitors.add(visitor);
  stream.send(0, dht.WatchRequest.encode(request).finish());
  return stream;
}
