/** What a node counts of its facts, one meter for each subject. node-gauges.ts has what it can be asked at any time. */

import { Instruments, type Meter } from '@ringkeep/process/meter';
import type { NodeObserver } from '../node-observer';
import { operationMeter } from './operation-meter';

export function nodeMeters(meter: Meter): readonly NodeObserver[] {
  const of = new Instruments(meter);
  return [operationMeter(of), trafficMeter(of), diskMeter(of), eventMeter(of)];
}

/** Between this node and others. */
function trafficMeter(of: Instruments): NodeObserver {
  const frames = of.counter('forwards', ['outcome'], 'Frames sent to other nodes.');
  const operations = of.counter('forwarded_operations', ['outcome'], 'Operations in those frames.');
  const seconds = of.seconds('forward', ['outcome'], 'From sending a frame to its end.');
  const bytes = of.counter('forward_bytes', ['direction'], 'Keys and values sent, values received.');
  const replicaBytes = of.counter(
    'replica_bytes',
    ['direction'],
    'Keys and values to followers, and from primaries.',
  );
  const entries = of.counter(
    'replica_entries_received',
    [],
    'Entries that primaries sent to make copies like theirs.',
  );
  return {
    forwarded: ({ operations: count, sentBytes, receivedBytes, durationMs, outcome }) => {
      frames.add(1, outcome);
      operations.add(count, outcome);
      seconds.record(durationMs / 1_000, 1, outcome);
      bytes.add(sentBytes, 'out');
      bytes.add(receivedBytes, 'in');
    },
    replicaSent: (message) => replicaBytes.add(message.bytes, 'out'),
    replicaReceived: (message) => replicaBytes.add(message.bytes, 'in'),
    chunkReceived: (chunk) => entries.add(chunk.entries),
  };
}

function diskMeter(of: Instruments): NodeObserver {
  const batches = of.counter('log_batches', [], 'Batches written to the log.');
  const bytes = of.counter('log_bytes', [], 'Bytes written to the log.');
  const seconds = of.seconds('log_write', [], 'A write of the log, with its sync where each one syncs.');
  const checkpoints = of.seconds('checkpoint', ['outcome'], 'A checkpoint of the table.');
  return {
    logWritten: (write) => {
      batches.add(write.batches);
      bytes.add(write.bytes);
      seconds.record(write.durationMs / 1_000, 1);
    },
    checkpointed: ({ durationMs, kept }) =>
      checkpoints.record(durationMs / 1_000, 1, kept ? 'kept' : 'no_room'),
  };
}

/** What the protocol did. */
function eventMeter(of: Instruments): NodeObserver {
  const events = of.counter('events', ['event'], 'What the protocol did.');
  const pauses = of.seconds('pause', [], 'How long an arc held writes back while it changed hands.');
  const discarded = of.counter(
    'operations_discarded',
    [],
    'Writes that were prepared, not known to be committed, and discarded.',
  );
  return {
    event: (event) => {
      events.add(1, event.kind);
      if (event.kind === 'paused') pauses.record(event.forMs / 1_000, 1);
      if (event.kind === 'discarded') discarded.add(event.operations);
    },
  };
}
