/** Watches and locks that the program around a node asks for. */

import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';

/** The parameter of the ring; locks must live longer. */
const SKEW_MS = 200;

let ring: TestRing;
const [first, second] = [() => ring.nodes[0] as RingNode, () => ring.nodes[1] as RingNode];

beforeAll(async () => {
  ring = await TestRing.start({ clockSkewMs: SKEW_MS });
  await ring.addNodes(2);
  await ring.untilSettled();
});
afterAll(() => ring.stop());

test('a node tells the changes of the whole ring, whoever makes them and whoever owns the keys', async () => {
  const changes = first().watch({ prefix: 'seen/' });
  await changes.ready;
  const names = Array.from({ length: 40 }, (_, i) => `seen/${i}`);
  await Promise.all(names.map((name, i) => (i % 2 === 0 ? first() : second()).set(name, 'v')));
  await second().set('unseen', 'v');
  const told: string[] = [];
  for await (const change of changes) {
    if (change.kind === 'put') told.push(Buffer.from(change.key).toString());
    if (told.length === names.length) break;
  }
  expect(told.sort()).toEqual(names.sort());
});

test('it goes on from a cursor, at another node', async () => {
  const before = first().watch({ key: 'resumed' });
  await before.ready;
  const since = before.cursor;
  await before.return();
  await first().set('resumed', '1');
  await using later = second().watch({ key: 'resumed', since });
  expect((await later.next()).value).toMatchObject({ kind: 'put', value: Buffer.from('1') });
});

test('it goes on while nodes join', async () => {
  await using changes = first().watch({ prefix: 'moved/' });
  await changes.ready;
  const joined = await ring.addNode();
  await ring.untilSettled();
  const names = Array.from({ length: 60 }, (_, i) => `moved/${i}`);
  await Promise.all(names.map((name) => joined.set(name, 'v')));
  const told = new Set<string>();
  for await (const change of changes) {
    expect(change.kind).toBe('put');
    if (change.kind === 'put') told.add(Buffer.from(change.key).toString());
    if (told.size === names.length) break;
  }
});

test('what was lost is read anew', async () => {
  await first().set('anew/1', 'v');
  const away = first().watch({ prefix: 'anew/' });
  await away.ready;
  const since = away.cursor.replace(/^[^/]*/, 'of-another-ring');
  await away.return();
  const kinds: string[] = [];
  for await (const event of first().watch({ prefix: 'anew/', since, resync: true })) {
    kinds.push(event.kind === 'resync' ? event.phase : event.kind);
    if (kinds.includes('entry')) break;
  }
  expect(kinds[0]).toBe('begin');
});

test('a lock has one holder in the ring, and the next one has a greater token', async () => {
  const lock = await first().lock('report', { ttlMs: 60_000 });
  const refused = second().lock('report', { ttlMs: 60_000, waitMs: 0 });
  await expect(refused).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  const waiting = second().lock('report', { ttlMs: 60_000 });
  await lock.release();
  await using next = await waiting;
  expect(next.token).toBeGreaterThan(lock.token);
  expect(next.lost.aborted).toBe(false);
});

test('a node that stops ends its watches, gives up its locks, and begins neither', async () => {
  const node = await ring.addNode();
  await ring.untilSettled();
  const changes = node.watch({ key: 'never written' });
  await changes.ready;
  const lock = await node.lock('of one that stops', { ttlMs: 2 * SKEW_MS });
  const lost = new Promise((resolve) => lock.lost.addEventListener('abort', resolve));
  await node.stop();
  expect(await changes.next()).toEqual({ done: true, value: undefined });
  await lost;
  const again = node.watch();
  await expect(again.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(node.lock('other', { ttlMs: 60_000 })).rejects.toMatchObject({ code: 'CANCELLED' });
}, 20_000);
