/**
 * A client session's view of the network: a stream of batches to each node and a watch of the ring, as the node's
 * process serves them. A paused process accepts no stream, says nothing and sends no beats, and its connections stay.
 */

import { NO_RING, ringBeat, ringChange, type Ring } from '@ringkeep/shared';
import { beatToWire, dht, registry, updateToWire } from '@ringkeep/shared/wire';
import type { Machine } from './machine';
import type { NodeProcess } from './node-process';
import type { Party } from './network';
import type { Further } from './remote-call';
import { Stream, type StreamEnd } from './stream';
import type { World } from './world';

/** What a server sends at once when it takes a stream. */
const HEADER = new Uint8Array(0);
/** How often to check whether a paused process goes on. */
const LOOK_MS = 5;

/** Runs something in a process as soon as it is not paused; not at all if it dies before. */
export function whenItRuns(world: World, process: NodeProcess, action: () => void): void {
  if (process.dead) return;
  if (process.paused) world.timeline.after(LOOK_MS, () => whenItRuns(world, process, action));
  else action();
}

/** Opens a stream to whatever process listens at a machine; without one `refused` is told. */
export function openBatches(
  world: World,
  from: Party,
  machine: Machine,
  client: StreamEnd,
  refused: (reason: string) => void,
): Stream | undefined {
  const { process } = machine;
  if (!process?.core) {
    world.network.send(
      machine.party,
      from,
      () => refused('connection refused'),
      () => undefined,
    );
    return undefined;
  }
  const furthers = new Map<number, Further>();
  const stream: Stream = new Stream(world.network, [from, machine.party], client, {
    receive: (bytes) => {
      if (process.dead) return;
      const frame = dht.BatchRequest.decode(bytes);
      if (frame.cancel !== 0) return furthers.get(frame.cancel)?.(cancelOf(frame.cancel));
      const reply = (answer: Uint8Array): void => {
        furthers.delete(frame.frame);
        stream.send(1, answer);
      };
      const further = process.serve('QueryBatch', bytes, reply, () => undefined);
      if (further) furthers.set(frame.frame, further);
    },
    gone: () => process.visitors.delete(visitor),
  });
  const visitor = { ringChanged: () => undefined, died: () => stream.die(1) };
  process.visitors.add(visitor);
  whenItRuns(world, process, () => stream.send(1, HEADER));
  return stream;
}

/** Watches the ring at a machine's process. */
export function openWatch(
  world: World,
  from: Party,
  machine: Machine,
  fromVersion: number,
  client: StreamEnd,
): Stream | undefined {
  const { process } = machine;
  const core = process?.core;
  if (!process || !core) return undefined;
  let known: Ring = NO_RING;
  const send = (message: registry.RingUpdate): void =>
    stream.send(1, registry.RingUpdate.encode(message).finish());
  const tell = (): void => {
    const { ring } = core.view;
    if (ring.version <= known.version) return;
    const update =
      known.version === 0 ? { kind: 'ring', ring } : { kind: 'change', change: ringChange(known, ring) };
    known = ring;
    send(updateToWire(update as Parameters<typeof updateToWire>[0]));
  };
  const beat = (): void => {
    if (!process.visitors.has(visitor)) return;
    const message = ringBeat(core.parameters.leaseMs, machine.clock.now - core.registryAnsweredAt);
    send(beatToWire(message));
    world.timeline.after(message.intervalMs, () => whenItRuns(world, process, beat));
  };
  const stream: Stream = new Stream(world.network, [from, machine.party], client, {
    receive: () => undefined,
    gone: () => process.visitors.delete(visitor),
  });
  const visitor = { ringChanged: tell, died: () => stream.die(1) };
  process.visitors.add(visitor);
  whenItRuns(world, process, () => {
    stream.send(1, HEADER);
    const { ring } = core.view;
    if (ring.version === fromVersion) known = ring;
    tell();
    beat();
  });
  return stream;
}

function cancelOf(frame: number): Uint8Array {
  return dht.BatchRequest.encode(dht.BatchRequest.fromPartial({ cancel: frame })).finish();
}
