/**
 * `npm run attack`: callers that take all there is. How much memory does a node give them, does it still answer others,
 * and does the memory come back when they are gone?
 *
 * 1. Streams of QueryBatch that ask for megabytes and are never read.
 * 2. Messages of 4 MB that are sent by halves and never finished.
 *
 * Memory is what the system counts for the node's process (RSS): before, at its peak, and after the callers have gone
 * and a full garbage collection; and what the process itself holds then. The difference is the allocator's: glibc keeps
 * pages of what was freed, and uses them again.
 *
 * Exit code 1 if the node took more than it may, held what it should have released, or did not answer others.
 */

import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bytes } from '@ringkeep/shared';
import { OperationType, ringKeyOf } from '@ringkeep/shared/operations';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { dht, encodeRequest } from '@ringkeep/shared/wire';
import {
  residentBytes,
  compiled,
  addressOf,
  type NodePlace,
  table,
  verdict,
  withTemporaryRing,
  type TemporaryRing,
} from '@ringkeep/local-ring';

const MEBIBYTE = 1 << 20;
const KEYS = 256;
const VALUE_BYTES = 8_192;
/** What each stream asks for: so many frames of all keys. */
const FRAMES = 4;
const HALF_MESSAGE_BYTES = 4 * MEBIBYTE - 100;
const STREAMS_PER_CONNECTION = 100;
const SAMPLE_MS = 200;
/** A node waits so long for a message to be complete, and a little longer is waited here. */
const HELD_MS = 25_000;
/** See docs/GUARANTEES.md. Bytes that were let go stay for a while beside those that are held. */
const BUDGET_BYTES = 256 * MEBIBYTE;
const PEAK_BYTES_MAX = 3 * BUDGET_BYTES;
const HELD_BYTES_MAX = BUDGET_BYTES / 8;
const COLLECTION_MS = 3_000;
const ANSWER_MS_MAX = 5_000;
const COLLECTED = /^collected: (\d+) bytes are held$/;

const specs = {
  callers: option({
    flag: '--callers <number>',
    text: 'streams, and half messages',
    read: optionValues.integer(1, 20_000),
    default: 2_000,
  }),
};

const script = {
  name: 'npm run attack --',
  text: 'Opens streams that are never read and sends messages that are never finished, and measures what that costs a node.',
  specs,
};

interface Course {
  readonly before: number;
  readonly most: number;
  /** When the callers have gone and everything is collected. */
  readonly after: number;
  /** More than before, by the process's own account. */
  readonly held: number;
  readonly refused: number;
  readonly slowestAnswerMs: number;
}

runScript(script, ({ callers }) =>
  withTemporaryRing(
    {
      name: 'attack',
      nodes: 1,
      replicationFactor: 1,
      nodeEnv: { NODE_OPTIONS: `--require ${compiled('packages/local-ring/dist/collect-on-signal.js')}` },
    },
    (temporary) => attack(temporary, callers),
  ),
);

async function attack({ ring, client, unexpectedEnds }: TemporaryRing, callers: number): Promise<number> {
  const [node] = ring.places as [NodePlace];
  for (let i = 0; i < KEYS; i++) await client.set(`key ${i}`, 'v'.repeat(VALUE_BYTES));
  const read = async (): Promise<void> => void (await client.get('key 0', { deadlineMs: ANSWER_MS_MAX }));
  const courses: [string, Course][] = [];
  for (const [name, bytes] of [
    [`${callers} streams that are never read`, framesOfReads()],
    [`${callers} messages sent by halves`, halfMessage()],
  ] as const)
    courses.push([name, await course(node, callers, bytes, read)]);
  console.log(
    table(
      ['MiB', 'before', 'most', 'callers gone', 'still held', 'refused', 'slowest read ms'],
      courses.map(([name, { before, most, after, held, refused, slowestAnswerMs }]) => [
        name,
        ...[before, most, after, held].map((bytes) => (bytes / MEBIBYTE).toFixed(0)),
        String(refused),
        slowestAnswerMs.toFixed(0),
      ]),
    ),
  );
  const broken = [...unexpectedEnds];
  for (const [name, { before, most, held, slowestAnswerMs }] of courses) {
    if (most - before > PEAK_BYTES_MAX)
      broken.push(`${name}: took more than ${PEAK_BYTES_MAX / MEBIBYTE} MiB`);
    if (held > HELD_BYTES_MAX) broken.push(`${name}: ${Math.round(held / MEBIBYTE)} MiB are still held`);
    if (slowestAnswerMs > ANSWER_MS_MAX) broken.push(`${name}: others were not answered`);
  }
  return verdict(broken, 'the node kept to its bound, answered others, and let go of what the callers had');
}

/** One frame after another: each asks for all keys. */
function framesOfReads(): Buffer {
  const operations = Array.from({ length: KEYS }, (_, i) => ({
    type: OperationType.get,
    key: ringKeyOf(`key ${i}` as Bytes),
  }));
  const frames = Array.from({ length: FRAMES }, (_, frame) => {
    const header = { frame: frame + 1, deadlineMs: 60_000, hops: 0, ringVersion: 0, direct: false };
    const message = Buffer.from(dht.BatchRequest.encode(encodeRequest(header, operations)).finish());
    return Buffer.concat([prefix(message.length), message]);
  });
  return Buffer.concat(frames);
}

function halfMessage(): Buffer {
  return Buffer.concat([prefix(HALF_MESSAGE_BYTES), Buffer.alloc(HALF_MESSAGE_BYTES / 2)]);
}

/** Of a message of gRPC: not compressed, and its length. */
function prefix(length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

async function course(
  node: NodePlace,
  callers: number,
  bytes: Buffer,
  read: () => Promise<void>,
): Promise<Course> {
  const resident = (): number => residentBytes(node.process?.pid ?? 0) ?? 0;
  const held = async (): Promise<number> => {
    // What the first collection lets go of may hold what the second one finds.
    for (let round = 0; round < 2; round++) {
      node.process?.signal('SIGUSR2');
      await pause(COLLECTION_MS);
    }
    const said = node.process?.lastLines.findLast((line) => COLLECTED.test(line)) ?? '';
    return Number(COLLECTED.exec(said)?.[1]);
  };
  const heldBefore = await held();
  const before = resident();
  let [most, slowestAnswerMs] = [before, 0];
  const sampling = setInterval(() => (most = Math.max(most, resident())), SAMPLE_MS);
  const { sessions, refused } = await call(addressOf(node), callers, bytes);
  for (const until = performance.now() + HELD_MS; performance.now() < until; await pause(SAMPLE_MS)) {
    const begun = performance.now();
    await read().catch(() => (slowestAnswerMs = Infinity));
    slowestAnswerMs = Math.max(slowestAnswerMs, performance.now() - begun);
  }
  const refusals = refused();
  for (const session of sessions) session.destroy();
  await pause(COLLECTION_MS);
  clearInterval(sampling);
  const more = (await held()) - heldBefore;
  return { before, most, after: resident(), held: more, refused: refusals, slowestAnswerMs };
}

/** Opens the streams; each sends the bytes, and nobody reads what comes. */
async function call(
  address: string,
  callers: number,
  bytes: Buffer,
): Promise<{ readonly sessions: readonly ClientHttp2Session[]; readonly refused: () => number }> {
  const sessions: ClientHttp2Session[] = [];
  let refused = 0;
  for (let made = 0; made < callers; made++) {
    if (made % STREAMS_PER_CONNECTION === 0)
      sessions.push(
        connect(`http://${address}`)
          .on('error', () => undefined)
          .setMaxListeners(0),
      );
    const stream = (sessions.at(-1) as ClientHttp2Session).request({
      ':method': 'POST',
      ':path': '/dht.DhtNode/QueryBatch',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => undefined);
    stream.on('close', () => (refused += 1));
    await written(stream, bytes);
  }
  return { sessions, refused: () => refused };
}

/** What the node does not take is left with the stream. */
async function written(stream: ClientHttp2Stream, bytes: Buffer): Promise<void> {
  stream.write(bytes);
  await new Promise((resolve) => setImmediate(resolve));
}
