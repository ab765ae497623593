/** Converts what replicas say to each other between the core's messages and protobuf. Checks what comes in. */

import type { KeyRange, LogExtent, Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { logFault } from '@ringkeep/shared/ring/log-history';
import { position } from '@ringkeep/shared/ring/position';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/operations/bytes';
import type { dht } from '@ringkeep/shared/wire';
import { historyFromWire, historyToWire, ringFromWire, ringToWire } from '@ringkeep/shared/wire';
import type { Bucket } from '../core/replica/entry-store';
import type {
  ConflictingLog,
  Damaged,
  Digests,
  FollowerBody,
  FollowerMessage,
  PrimaryBody,
  PrimaryMessage,
  Repair,
  StreamName,
} from '../core/messages';
import { columnsOf, entriesOf, opsOf } from './entry-columns';

function columns(message: dht.EntryColumns | undefined): dht.EntryColumns {
  if (!message) throw new RingError('INVALID_ARGUMENT', 'received a message without its operations');
  return message;
}

function rangeToWire({ from, to }: KeyRange): dht.KeyRange {
  return { from: bufferOfBytes(from), to: to === undefined ? undefined : bufferOfBytes(to) };
}

export function rangeFromWire({ from, to }: dht.KeyRange): KeyRange {
  return { from: bytesOfBuffer(from), to: to === undefined ? undefined : bytesOfBuffer(to) };
}

function digestsToWire({ buckets }: Digests): dht.Digests {
  return {
    buckets: buckets.map(({ to, digest }) => ({
      to: to === undefined ? undefined : bufferOfBytes(to),
      digest: bufferOfBytes(digest),
    })),
  };
}

function bucketFromWire({ to, digest }: dht.Bucket): Bucket {
  return { to: to === undefined ? undefined : bytesOfBuffer(to), digest: bytesOfBuffer(digest) };
}

function damagedToWire({ ranges, committed }: Damaged): dht.Damaged {
  return { ranges: ranges.map(rangeToWire), committed };
}

function damagedFromWire({ ranges, committed }: dht.Damaged): Damaged {
  return { kind: 'damaged', ranges: ranges.map(rangeFromWire), committed };
}

function repairToWire({ ranges, entries, committed }: Repair): dht.Repair {
  return { ranges: ranges.map(rangeToWire), entries: columnsOf(entries), committed };
}

function repairFromWire({ ranges, entries, committed }: dht.Repair): Repair {
  return {
    kind: 'repair',
    ranges: ranges.map(rangeFromWire),
    entries: entriesOf(columns(entries)),
    committed,
  };
}

function streamFromWire(message: dht.StreamName | undefined): StreamName {
  if (!message) throw new RingError('INVALID_ARGUMENT', 'received a message without the name of its stream');
  return { start: position(message.start), term: message.term, number: message.number };
}

function ringToUpdate(ring: Ring): dht.AdoptRing['ring'] {
  return { update: { $case: 'ring', value: ringToWire(ring) } };
}

function ringFromUpdate(message: dht.AdoptRing['ring']): Ring {
  if (message?.update?.$case !== 'ring')
    throw new RingError('INVALID_ARGUMENT', 'received a message without its ring');
  return ringFromWire(message.update.value);
}

function logToWire({ range, committed, lastPrepared, history }: LogExtent): dht.LogExtent {
  return { ...range, committed, lastPrepared, history: historyToWire(history) };
}

function logFromWire({ start, end, committed, lastPrepared, history }: dht.LogExtent): LogExtent {
  const range = { start: position(start), end: position(end) };
  const log = { range, committed, lastPrepared, history: historyFromWire(history) };
  const fault = logFault(log);
  if (fault !== undefined) throw new RingError('INVALID_ARGUMENT', `received an impossible log: ${fault}`);
  return log;
}

export function conflictToWire({ node, log }: ConflictingLog): dht.ConflictingLog {
  return { node, log: logToWire(log) };
}

function conflictFromWire(message: dht.ConflictingLog | undefined): ConflictingLog | undefined {
  return message?.log && { node: position(message.node), log: logFromWire(message.log) };
}

export function followerMessageToWire(message: FollowerMessage): dht.FollowerMessage {
  const { body, stream } = message;
  if (body.kind === 'acknowledge') {
    const { prepared, applied, live, sentAtMs, takenBytes, full } = body;
    return {
      stream,
      body: { $case: 'acknowledge', value: { prepared, applied, live, sentAtMs, takenBytes, full } },
    };
  }
  if (body.kind === 'damaged') return { stream, body: { $case: 'damaged', value: damagedToWire(body) } };
  if (body.kind === 'repair') return { stream, body: { $case: 'repair', value: repairToWire(body) } };
  if (body.kind === 'digests') return { stream, body: { $case: 'digests', value: digestsToWire(body) } };
  const { follower, incarnation, process, range, lastPrepared, committed, complete, sendsDigests, ring } =
    body;
  const { logs, conflict } = body;
  return {
    stream,
    body: {
      $case: 'open',
      value: {
        follower,
        incarnation,
        process,
        ...range,
        lastPrepared,
        committed,
        complete,
        sendsDigests,
        logs: logs.map(logToWire),
        conflict: conflict && conflictToWire(conflict),
        ring: ringToUpdate(ring),
      },
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
      const { follower, start, end, ring, ...more } = body.value;
      const { incarnation, process, lastPrepared, committed, complete, sendsDigests } = more;
      return {
        kind: 'open',
        follower: position(follower),
        incarnation,
        process,
        range: { start: position(start), end: position(end) },
        lastPrepared,
        committed,
        complete,
        sendsDigests,
        logs: body.value.logs.map(logFromWire),
        conflict: conflictFromWire(body.value.conflict),
        ring: ringFromUpdate(ring),
      };
    }
    case 'digests':
      return { kind: 'digests', buckets: body.value.buckets.map(bucketFromWire) };
    case 'damaged':
      return damagedFromWire(body.value);
    case 'repair':
      return repairFromWire(body.value);
    default:
      throw new RingError('INVALID_ARGUMENT', 'received an empty message from a follower');
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
      const { lastPrepared, committed, firstSeq, terms, overrules, hash } = body;
      return {
        $case: 'align',
        value: {
          lastPrepared,
          committed,
          firstSeq,
          ops: columnsOf(body.ops),
          terms: [...terms],
          overrules,
          hash,
        },
      };
    }
    case 'start-over':
      return { $case: 'startOver', value: { shared: (body.shared ?? []).map(BigInt) } };
    case 'chunk':
      return {
        $case: 'chunk',
        value: { entries: columnsOf(body.entries), ranges: body.ranges.map(rangeToWire) },
      };
    case 'compared':
      return { $case: 'compared', value: {} };
    case 'committed-ops':
      return { $case: 'committedOps', value: { entries: columnsOf(body.entries) } };
    case 'live':
      return {
        $case: 'live',
        value: {
          committed: body.committed,
          window: columnsOf(body.window),
          history: historyToWire(body.history),
          overrules: body.overrules,
          hash: body.hash,
        },
      };
    case 'prepare': {
      const { firstSeq, committed, terms = [] } = body;
      return {
        $case: 'prepare',
        value: { firstSeq, committed, ops: columnsOf(body.ops), terms: [...terms] },
      };
    }
    case 'heartbeat':
      return { $case: 'heartbeat', value: { committed: body.committed } };
    case 'damaged':
      return { $case: 'damaged', value: damagedToWire(body) };
    case 'repair':
      return { $case: 'repair', value: repairToWire(body) };
    case 'release':
      return { $case: 'release', value: { shared: (body.shared ?? []).map(BigInt) } };
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
      const { ops, hash, ...rest } = body.value;
      return { kind: 'align', ...rest, ops: opsOf(columns(ops)), hash };
    }
    case 'startOver':
      return { kind: 'start-over', shared: body.value.shared.map(Number) };
    case 'chunk':
      return {
        kind: 'chunk',
        entries: entriesOf(columns(body.value.entries)),
        ranges: body.value.ranges.map(rangeFromWire),
      };
    case 'compared':
      return { kind: 'compared' };
    case 'committedOps':
      return { kind: 'committed-ops', entries: entriesOf(columns(body.value.entries)) };
    case 'live':
      return {
        kind: 'live',
        committed: body.value.committed,
        window: opsOf(columns(body.value.window)),
        history: historyFromWire(body.value.history),
        overrules: body.value.overrules,
        hash: body.value.hash,
      };
    case 'prepare': {
      const { firstSeq, ops, committed, terms } = body.value;
      const own = terms.length === 0 ? {} : { terms };
      return { kind: 'prepare', firstSeq, ops: opsOf(columns(ops)), committed, ...own };
    }
    case 'heartbeat':
      return { kind: 'heartbeat', committed: body.value.committed };
    case 'damaged':
      return damagedFromWire(body.value);
    case 'repair':
      return repairFromWire(body.value);
    case 'release':
      return { kind: 'release', shared: body.value.shared.map(Number) };
    case 'wait':
      return { kind: 'wait' };
    default:
      throw new RingError('INVALID_ARGUMENT', 'received an empty message from a primary');
  }
}
