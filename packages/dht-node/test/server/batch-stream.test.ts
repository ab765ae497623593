/** QueryBatch at a real node: frames that are right, wrong or too many, callers that go away or do not read. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { status } from '@grpc/grpc-js';
import { Random } from '@ringkeep/shared';
import { type OperationResult, type Operation, bytesOfText, ringKeyOf } from '@ringkeep/shared/operations';
import { type dht, decodeReply, encodeRequest } from '@ringkeep/shared/wire';
import { TestRing } from '../ring/test-ring';
import { type BatchPeer, eventually, NodePeer, statusOf } from './node-peer';

const QUERY_BATCH = '/dht.DhtNode/QueryBatch';
const KILOBYTE = 'x'.repeat(1_024);

let ring: TestRing;
let peers: NodePeer[];
let batch: BatchPeer;
let slowReaders = 0;

beforeAll(async () => {
  ring = await TestRing.start();
  await ring.addNodes(2, { observers: [{ slowReader: () => slowReaders++ }] });
  await ring.untilSettled();
  peers = ring.nodes.map((node) => new NodePeer(node.address));
});
afterAll(async () => {
  for (const peer of peers) peer.close();
  await ring.stop();
});
beforeEach(() => {
  batch = peer().batch();
});
afterEach(() => batch.stream.cancel());

const peer = (index = 0): NodePeer => peers[index] as NodePeer;
const get = (key: string): Operation => ({ type: 0, key: ringKeyOf(bytesOfText(key)) });
const set = (key: string, value: string): Operation => ({
  type: 2,
  key: ringKeyOf(bytesOfText(key)),
  value: bytesOfText(value),
});

function frameOf(frame: number, operations: readonly Operation[]): dht.BatchRequest {
  return encodeRequest({ frame, deadlineMs: 5_000, hops: 0, ringVersion: 0, direct: false }, operations);
}

const failed = (code: string, text: string): object => ({
  ok: false,
  code,
  text: expect.stringContaining(text),
});

async function stillAnswers(): Promise<void> {
  const fresh = peer().batch();
  fresh.send(frameOf(1, [set('alive', 'yes'), get('alive')]));
  expect((await fresh.answers(1, 2))[1]).toMatchObject({ ok: true });
  fresh.stream.cancel();
}

describe('a frame', () => {
  test('is answered operation by operation: what breaks a limit fails alone', async () => {
    const operations = [
      set('a', '1'),
      get(''),
      get('a'.repeat(1_025)),
      set('b', 'x'.repeat((1 << 20) + 1)),
      get('a'),
    ];
    batch.send(frameOf(1, operations));
    const results = await batch.answers(1, 5);
    expect(results[0]).toMatchObject({ ok: true });
    expect(results[1]).toEqual(failed('INVALID_ARGUMENT', 'the key is empty'));
    expect(results[2]).toEqual(failed('INVALID_ARGUMENT', 'the key has 1025 bytes'));
    expect(results[3]).toEqual(failed('INVALID_ARGUMENT', 'the value has 1048577 bytes'));
    expect(results[4]).toMatchObject({ ok: true });
  });

  test('with an unknown type fails in that operation alone', async () => {
    const frame = frameOf(1, [get('a'), get('b')]);
    frame.types = Buffer.from([0, 9]);
    batch.send(frame);
    expect((await batch.answers(1, 2))[1]).toEqual(failed('INVALID_ARGUMENT', 'unknown ty 9'));
  });

  test.each<[string, (frame: dht.BatchRequest) => void, string]>([
    ['too few key lengths', (frame) => frame.keyLengths.pop(), '2 types, 1 key lengths'],
    ['a value length too many', (frame) => frame.valueLengths.push(0), '2 value lengths for 1 values'],
    [
      'a blob that is too short',
      (frame) => (frame.blob = frame.blob.subarray(1)),
      'lengths of 4 bytes for 3',
    ],
    ['lengths beyond all bounds', (frame) => (frame.keyLengths[0] = 0xffff_ffff), 'for 4'],
    ['half a position', (frame) => (frame.positions = Buffer.alloc(12)), '12 bytes of positions for 2 keys'],
  ])('with %s fails in all operations, and the stream goes on', async (_what, damage, text) => {
    const frame = frameOf(1, [set('a', '12'), get('b')]);
    damage(frame);
    batch.send(frame);
    const results = await batch.answers(1, 2);
    expect(results).toEqual([failed('INVALID_ARGUMENT', text), failed('INVALID_ARGUMENT', text)]);
    batch.send(frameOf(2, [get('c')]));
    expect((await batch.answers(2, 1))[0]).toMatchObject({ ok: true });
  });

  test('from a client is hashed here, whatever positions it claims', async () => {
    const frame = frameOf(1, [set('claimed', 'value')]);
    frame.positions = Buffer.alloc(8);
    batch.send(frame);
    await batch.answers(1, 1);
    expect((await peer(1).get('claimed')).value).toEqual(Buffer.from('value'));
  });

  test('without operations is answered without results', async () => {
    batch.send(frameOf(1, []));
    await eventually('a reply comes', () => batch.messages.get(1) === 1);
  });

  test('of large values is answered in several messages, from here and by a forward', async () => {
    const keys = Array.from({ length: 64 }, (_, i) => `large ${i}`);
    const value = 'v'.repeat(100_000);
    await Promise.all(keys.map((key) => peer().set(key, value)));
    batch.send(frameOf(1, keys.map(get)));
    const results = await batch.answers(1, keys.length);
    expect(results.every((result) => result.ok && result.value === value)).toBe(true);
    expect(batch.messages.get(1)).toBeGreaterThan(3);
  });
});

describe('a stream ends with INVALID_ARGUMENT, and the node lives,', () => {
  test('when a frame number is used while it is being answered', async () => {
    batch.send(frameOf(1, [set('a', 'written to disk first')]));
    batch.send(frameOf(1, [get('b')]));
    expect(await batch.status).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'frame 1 is still being answered',
    });
    await stillAnswers();
  });

  test('when a frame has too many operations', async () => {
    batch.send(
      frameOf(
        3,
        Array.from({ length: 257 }, () => get('a')),
      ),
    );
    expect(await batch.status).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'frame 3 has 257 operations; 256 are allowed',
    });
    await stillAnswers();
  });

  test('when a frame without operations has a blob', async () => {
    batch.send({ frame: 1, blob: Buffer.from('lost') });
    expect(await batch.status).toMatchObject({ code: status.INVALID_ARGUMENT });
    await stillAnswers();
  });

  test('when a message is no protobuf', async () => {
    const stream = peer().rawStream(QUERY_BATCH);
    const ended = statusOf(stream as never);
    stream.resume();
    stream.write(Buffer.from([0x08, 0xff, 0xff]));
    expect(await ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('not a valid protobuf message'),
    });
    await stillAnswers();
  });
});

describe('a caller', () => {
  test('that ends its side gets all answers first', async () => {
    for (let frame = 1; frame <= 50; frame++) batch.send(frameOf(frame, [set(`half ${frame}`, 'closed')]));
    batch.stream.end();
    expect(await batch.status).toMatchObject({ code: status.OK });
    expect(batch.messages.size).toBe(50);
  });

  test('may cancel a frame, or one that is not there', async () => {
    batch.send({ cancel: 99 });
    batch.send(frameOf(1, [get('a')]));
    batch.send({ cancel: 1 });
    batch.send(frameOf(2, [get('b')]));
    expect(await batch.answers(2, 1)).toHaveLength(1);
  });

  test('that goes away in the middle leaves nothing behind', async () => {
    const random = new Random(11);
    for (let round = 0; round < 20; round++) {
      const fleeting = peer().batch();
      const frames = 1 + random.below(40);
      for (let frame = 1; frame <= frames; frame++) {
        fleeting.send(frameOf(frame, [set(`fleeting ${round}/${frame}`, KILOBYTE), get('a')]));
      }
      // At once would not do: Node.js loses a reset in the turn in which the stream was opened.
      await (random.chance(0.5) ? fleeting.answers(1, 2) : new Promise(setImmediate));
      fleeting.stream.cancel();
    }
    await stillAnswers();
    await ring.untilSettled();
    expect(ring.failures).toEqual([]);
  });

  test('that does not read is not read from either, and costs bounded memory', async () => {
    const value = 'v'.repeat(100_000);
    await Promise.all(Array.from({ length: 16 }, (_, i) => peer().set(`slow ${i}`, value)));
    // 100 KB of requests and 6.4 MB of replies a frame: 1.3 GB of replies in all.
    const operations = [set('slow', value), ...Array.from({ length: 64 }, (_, i) => get(`slow ${i % 16}`))];
    const frames = 200;
    const slowBefore = slowReaders;
    batch.stream.pause();
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let written = 0;
    let taken = 0;
    const write = (): void => {
      while (written < frames) {
        written++;
        if (!batch.stream.write(frameOf(written, operations), () => taken++)) return;
      }
    };
    batch.stream.on('drain', write);
    write();
    let seen = -1;
    await eventually('the node stops reading', async () => {
      const same = taken === seen;
      seen = taken;
      for (let i = 0; i < 20; i++) await peer(1).get('meanwhile');
      return same && taken > 0;
    });
    expect(taken).toBeLessThan(frames / 2);
    expect(slowReaders).toBeGreaterThan(slowBefore);
    collectGarbage();
    const grownMiB = (process.memoryUsage().arrayBuffers - before) / (1 << 20);
    expect(grownMiB).toBeLessThan(64);
    const answered: OperationResult[] = [];
    batch.stream.on('data', (reply: dht.BatchReply) => {
      if (reply.frame === 1) answered.push(...decodeReply(reply));
    });
    batch.stream.resume();
    await eventually('the first frame is answered', () => answered.length === operations.length);
    expect(answered.slice(1).every((result) => result.ok && result.value === value)).toBe(true);
    await eventually('the node reads again', () => taken > seen);
  });
});

/** What is left counts, not how lately it was swept. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
