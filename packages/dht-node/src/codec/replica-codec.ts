/** What replicas say to each other, between the core's messages and protobuf. Checked as it comes in. */

import { POSITION_BYTES, RingError, keyOf, position, ringKey, type Bytes, type Ring } from '@ringkeep/shared';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/runtime';
import type { dht } from '@ringkeep/shared/wire';
import { ringFromWire, ringToWire } from '@ringkeep/shared/wire';
import type { Entry } from '../core/entry-store';
import type {
  FollowerBody,
  FollowerMessage,
  PrimaryBody,
  PrimaryMessage,
  SequencedOp,
  StreamName,
} from '../core/messages';

export function entryToWire(entry: Entry): dht.Entry {
  return {
    key: bufferOfBytes(keyOf(entry.key)),
    position: bufferOfBytes(entry.key.slice(0, POSITION_BYTES) as Bytes),
    value: entry.value === undefined ? undefined : bufferOfBytes(entry.value),
  };
}

export function entryFromWire(message: dht.Entry): Entry {
  if (message.position.length !== POSITION_BYTES) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `an entry has a position of ${message.position.length} bytes, not 8`,
    );
  }
  return {
    key: ringKey(bytesOfBuffer(message.position), bytesOfBuffer(message.key)),
    value: message.value === undefined ? undefined : bytesOfBuffer(message.value),
  };
}

export function opsToWire(ops: readonly SequencedOp[]): dht.SequencedOp[] {
  return ops.map((op) => ({ entry: op && entryToWire(op) }));
}

export function opsFromWire(ops: readonly dht.SequencedOp[]): SequencedOp[] {
  return ops.map((op) => op.entry && entryFromWire(op.entry));
}

function streamFromWire(message: dht.StreamName | undefined): StreamName {
  if (!message) throw new RingError('INVALID_ARGUMENT', 'a message without the name of its stream');
  return { start: position(message.start), term: message.term, number: message.number };
}

function ringToUpdate(ring: Ring): dht.AdoptRing['ring'] {
  return { update: { $case: 'ring', value: ringToWire(ring) } };
}

function ringFromUpdate(message: dht.AdoptRing['ring']): Ring {
  if (message?.update?.$case !== 'ring')
    throw new RingError('INVALID_ARGUMENT', 'a message without its ring');
  return ringFromWire(message.update.value);
}

export function followerMessageToWire(message: FollowerMessage): dht.FollowerMessage {
  const { body, stream } = message;
  if (body.kind === 'acknowledge') {
    const { prepared, applied, live, sentAtMs, takenBytes } = body;
    return {
      stream,
      body: { $case: 'acknowledge', value: { prepared, applied, live, sentAtMs, takenBytes } },
    };
  }
  const { follower, incarnation, range, lastPrepared, committed, complete, ring } = body;
  return {
    stream,
    body: {
      $case: 'open',
      value: { follower, incarnation, ...range, lastPrepared, committed, complete, ring: ringToUpdate(ring) },
    },
  };
}

export function followerMessageFromWire(message: dht.FollowerMessage): FollowerMessage {
  return { stream: streamFromWire(message.stream), body: followerBodyFromWire(message.body) };
}

function followerBodyFromWire(body: dht.FollowerMessage['body']): FollowerBody {
  switch (body?.$case) {
    case 'acknowledge':
      return { kind: 'acknowledge', ...body.value };
    case 'open': {
      const { follower, incarnation, start, end, lastPrepared, committed, complete, ring } = body.value;
      return {
        kind: 'open',
        follower: position(follower),
        incarnation,
        range: { start: position(start), end: position(end) },
        lastPrepared,
        committed,
        complete,
        ring: ringFromUpdate(ring),
      };
    }
    default:
      throw new RingError('INVALID_ARGUMENT', 'an empty message from a follower');
  }
}

export function primaryMessageToWire(message: PrimaryMessage): dht.PrimaryMessage {
  return { stream: message.stream, sentAtMs: message.sentAtMs, body: primaryBodyToWire(message.body) };
}

function primaryBodyToWire(body: PrimaryBody): dht.PrimaryMessage['body'] {
  switch (body.kind) {
    case 'adopt':
      return { $case: 'adopt', value: { ring: ringToUpdate(body.ring) } };
    case 'align': {
      const { lastPrepared, committed, firstSeq } = body;
      return { $case: 'align', value: { lastPrepared, committed, firstSeq, ops: opsToWire(body.ops) } };
    }
    case 'start-over':
      return { $case: 'startOver', value: {} };
    case 'chunk':
      return { $case: 'chunk', value: { entries: body.entries.map(entryToWire) } };
    case 'committed-ops':
      return { $case: 'committedOps', value: { entries: body.entries.map(entryToWire) } };
    case 'live':
      return { $case: 'live', value: { committed: body.committed, window: opsToWire(body.window) } };
    case 'prepare': {
      const { firstSeq, committed } = body;
      return { $case: 'prepare', value: { firstSeq, committed, ops: opsToWire(body.ops) } };
    }
    case 'heartbeat':
      return { $case: 'heartbeat', value: { committed: body.committed } };
    case 'release':
      return { $case: 'release', value: {} };
    case 'wait':
      return { $case: 'wait', value: {} };
  }
}

export function primaryMessageFromWire(message: dht.PrimaryMessage): PrimaryMessage {
  return {
    stream: streamFromWire(message.stream),
    sentAtMs: message.sentAtMs,
    body: primaryBodyFromWire(message.body),
  };
}

function primaryBodyFromWire(body: dht.PrimaryMessage['body']): PrimaryBody {
  switch (body?.$case) {
    case 'adopt':
      return { kind: 'adopt', ring: ringFromUpdate(body.value.ring) };
    case 'align': {
      const { lastPrepared, committed, firstSeq, ops } = body.value;
      return { kind: 'align', lastPrepared, committed, firstSeq, ops: opsFromWire(ops) };
    }
    case 'startOver':
      return { kind: 'start-over' };
    case 'chunk':
      return { kind: 'chunk', entries: body.value.entries.map(entryFromWire) };
    case 'committedOps':
      return { kind: 'committed-ops', entries: body.value.entries.map(entryFromWire) };
    case 'live':
      return { kind: 'live', committed: body.value.committed, window: opsFromWire(body.value.window) };
    case 'prepare': {
      const { firstSeq, ops, committed } = body.value;
      return { kind: 'prepare', firstSeq, ops: opsFromWire(ops), committed };
    }
    case 'heartbeat':
      return { kind: 'heartbeat', committed: body.value.committed };
    case 'release':
      return { kind: 'release' };
    case 'wait':
      return { kind: 'wait' };
    default:
      throw new RingError('INVALID_ARGUMENT', 'an empty message from a primary');
  }
}
