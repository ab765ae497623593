/** A watcher's stream to a node, as the node's process serves it. One that is not the owner passes on what that tells. */

import { RingError } from '@ringkeep/shared';
import { keyTermsOf } from '@ringkeep/shared/operations';
import { dht, encodeWatchEnd, encodeWatchEvents } from '@ringkeep/shared/wire';
import { readWatchRequest } from '@ringkeep/dht-node/codec';
import type { WatchSink } from '@ringkeep/dht-node/hosting';
import { whenItRuns } from './client-streams';
import type { Machine } from './machine';
import type { NodeProcess } from './node-process';
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
    source?.close(0);
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
    elsewhere: (owner) => {
      const target = world.machineAt(owner.addr);
      const further = { ...request, direct: true };
      const passOn = inOrder(world, process, (bytes) => stream.send(1, bytes));
      source =
        target && openChanges(world, machine.party, target, further, { receive: passOn, gone: end }, takesMs);
      if (source === undefined) end();
    },
  };
  const stream: Stream = new Stream(world.network, [from, machine.party], watcher, {
    // The request is on its way like anything else.
    receive: (bytes) => {
      if (process.dead) return;
      const asked = readIfPossible(dht.WatchRequest.decode(bytes), keyTermsOf(host.core.view.ring));
      if (asked === undefined) return end();
      watch = host.watches.open(asked, sink);
    },
    gone: close,
  });
  let watch: number | undefined;
  let source: Stream | undefined;
  const died = (): void => {
    stream.die(1);
    source?.die(0);
  };
  const visitor = { ringChanged: () => undefined, died };
  process.visitors.add(visitor);
  stream.send(0, dht.WatchRequest.encode(request).finish());
  return stream;
}

/** A node that does not know the ring yet knows the place of no key. */
function readIfPossible(
  ...given: Parameters<typeof readWatchRequest>
): ReturnType<typeof readWatchRequest> | undefined {
  try {
    return readWatchRequest(...given);
  } catch (error) {
    if (error instanceof RingError && error.code === 'UNAVAILABLE') return undefined;
    throw error;
  }
}

/** What comes while the process is paused waits, and keeps its order. */
function inOrder(
  world: World,
  process: NodeProcess,
  pass: (bytes: Uint8Array) => void,
): (bytes: Uint8Array) => void {
  const waiting: Uint8Array[] = [];
  const passAll = (): void => {
    for (const bytes of waiting.splice(0)) pass(bytes);
  };
  return (bytes) => {
    if (waiting.push(bytes) === 1) whenItRuns(world, process, passAll);
  };
}
