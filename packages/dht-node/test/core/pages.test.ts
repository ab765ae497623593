/** Pages of a scan: what one is about, where it ends, and that it is of one moment. */

import { position, positionBytes, ringKey, type Arc, type Bytes, type RingKey } from '@ringkeep/shared';
import {
  bufferOfBytes,
  OperationType,
  ringKeyOf,
  seal,
  type Operation,
  type StoredValue,
} from '@ringkeep/shared/operations';
import {
  decodeScanPage,
  encodeScanQuery,
  FIRST_PLACE,
  placeOfTag,
  type ScanPage,
  type ScanQuery,
} from '@ringkeep/shared/scans';
import { KEY_BYTES_MAX } from '@ringkeep/shared/ring/limits';
import { PAGE_EXAMINED_MAX } from '../../src/core/limits';
import { readPage } from '../../src/core/primary/pages';
import { MemoryEntryStore } from '../../src/storage';
import { arc, ending, get, OTHER, put, ring, SELF, SteppedNode } from './stepped-node';

const WHOLE: Arc = { start: position(7n), end: position(7n) };
const ALL: ScanQuery = { prefix: undefined, tag: undefined, keysOnly: false, limit: 1_000 };

function storeOf(keys: readonly RingKey[]): MemoryEntryStore {
  const store = new MemoryEntryStore(true);
  store.put(keys.map((key, i) => ({ key, value: seal(key, i + 1, `value ${i}` as Bytes) })));
  return store;
}

const at = (point: bigint, key: string): RingKey => ringKey(positionBytes(position(point)), key as Bytes);

function read(store: MemoryEntryStore, place: RingKey, query = ALL, arcOf: Arc = WHOLE) {
  const walk = store.walk.bind(store);
  const walkKeys = store.walkKeys.bind(store);
  const source = { walk, walkKeys, arc: arcOf, seq: 77, rule: 'tag', isOver: () => false } as const;
  const { page, ...rest } = readPage(source, place, query);
  return { page: page && textPage(decodeScanPage(bufferOfBytes(page))), ...rest };
}

function textPage(page: ScanPage<Buffer>): ScanPage<string> {
  const text = (bytes: Buffer | undefined): string | undefined => bytes?.toString('latin1');
  const entries = page.entries.map(({ key, value, ...rest }) => ({
    ...rest,
    key: text(key) as string,
    value: text(value),
  }));
  return { ...page, entries };
}

/** The keys of a scan that asks for a page after the other. */
function scanned(store: MemoryEntryStore, query: ScanQuery, arcOf?: Arc): string[] {
  const keys: string[] = [];
  for (let place: RingKey | undefined = FIRST_PLACE; place !== undefined;) {
    const { page }: { page: ScanPage<string> | undefined } = read(store, place, query, arcOf);
    keys.push(...(page as ScanPage<string>).entries.map(({ key }) => key));
    place = page?.next;
  }
  return keys;
}

test('pages follow one another in ring order, whatever their size, and tell each key once', () => {
  const keys = Array.from({ length: 50 }, (_, i) => ringKeyOf(`{tag ${i % 7}}${i}` as Bytes));
  const store = storeOf(keys);
  const sorted = [...keys].sort().map((key) => key.slice(8));
  for (const limit of [1, 3, 50, 1_000]) expect(scanned(store, { ...ALL, limit })).toEqual(sorted);
});

test('a page ends with the arc, and says that the next begins there', () => {
  const store = storeOf([at(5n, 'a'), at(50n, 'b'), at(150n, 'c')]);
  const arcOf = { start: position(10n), end: position(100n) };
  const { page } = read(store, at(10n, ''), ALL, arcOf);
  expect(page).toMatchObject({ entries: [{ key: 'b', version: 2 }], range: arcOf, seq: 77 });
  expect(page?.next).toBe(positionBytes(position(100n)));
});

test('no page runs through zero: of an arc that does, the lower and the upper part are two', () => {
  const store = storeOf([at(5n, 'low'), at(150n, 'high')]);
  const arcOf = { start: position(100n), end: position(10n) };
  expect(read(store, FIRST_PLACE, ALL, arcOf).page).toMatchObject({
    entries: [{ key: 'low' }],
    next: positionBytes(position(10n)),
  });
  expect(read(store, at(100n, ''), ALL, arcOf).page).toMatchObject({
    entries: [{ key: 'high' }],
    next: undefined,
  });
});

test('a page looks at so many entries and no more, even if none is asked for', () => {
  const keys = Array.from({ length: PAGE_EXAMINED_MAX + 10 }, (_, i) => ringKeyOf(`key ${i}` as Bytes));
  const { page } = read(storeOf(keys), FIRST_PLACE, { ...ALL, prefix: 'other' as Bytes });
  expect(page).toMatchObject({ entries: [], next: [...keys].sort()[PAGE_EXAMINED_MAX] });
});

test('a scan of a tag has the keys of the tag in their order, and none of others at its position', () => {
  const tag = 't' as Bytes;
  const own = ['b{t}', 'a{t}', '{t}'].map((key) => ringKeyOf(key as Bytes));
  const store = storeOf([...own, ringKeyOf('t' as Bytes), ringKeyOf('other' as Bytes)]);
  const { page } = read(store, placeOfTag(tag), { ...ALL, tag });
  expect(page?.entries.map(({ key }) => key)).toEqual(['a{t}', 'b{t}', '{t}']);
  expect(page?.next).toBeUndefined();
  expect(() => read(store, FIRST_PLACE, { ...ALL, tag })).toThrow('not one of this tag');
});

test('a page ends before what is damaged, and the next one waits for it', () => {
  const keys = [at(1n, 'a'), at(2n, 'b'), at(3n, 'c')] as const;
  const store = storeOf(keys);
  store.put([{ key: keys[1], value: `${store.raw(keys[1])}x` as StoredValue }]);
  const first = read(store, FIRST_PLACE);
  expect(first).toMatchObject({
    page: { entries: [{ key: 'a' }], next: keys[1] },
    damaged: { from: keys[1] },
  });
  expect(read(store, keys[1])).toEqual({ page: undefined, damaged: first.damaged, over: [] });
});

describe('at the owner', () => {
  const scan = (place: RingKey, query = ALL): Operation => ({
    type: OperationType.scan,
    key: place,
    page: encodeScanQuery(query),
  });

  const pageIn = (node: SteppedNode, request: number): ScanPage<Buffer> | undefined => {
    const result = node.answer(request)?.[0];
    return result?.ok ? decodeScanPage(bufferOfBytes(result.value as Bytes)) : undefined;
  };

  test('a page has what is committed, and its number; a write that is under way is not in it', () => {
    const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
    node.sync();
    node.query(put('a', '1'), put('b', '2'));
    node.sync();
    node.query(put('c', '3'));
    const page = pageIn(node, node.query(scan(FIRST_PLACE)));
    expect(page?.entries.map(({ key }) => String(key)).sort()).toEqual(['a', 'b']);
    expect(page).toMatchObject({ seq: 2, next: undefined });
  });

  test('a page waits for the leases, as a read does', () => {
    const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
    node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
    const follower = node.openedBy(OTHER, SELF, 1, { complete: true });
    const request = node.query(scan(FIRST_PLACE));
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(0);
    expect(pageIn(node, request)).toMatchObject({ entries: [], next: undefined });
  });

  test('a page that meets a key whose time is over is read anew when that is ended, as of the first look', () => {
    const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
    node.sync();
    node.query(ending(put('a', '1'), 500), ending(put('b', '2'), 510), put('c', '3'));
    node.sync();
    node.now += 500;
    const request = node.query(scan(FIRST_PLACE));
    expect(node.answer(request)).toBeUndefined();
    // What is over by now was not when the page was first looked at: it is in the page.
    node.now += 10;
    node.sync();
    const page = pageIn(node, request);
    expect(page?.entries.map(({ key }) => String(key)).sort()).toEqual(['b', 'c']);
    expect(page?.seq).toBe(4);
  });

  test('the longest place there may be is asked for among reads that are looked ahead for', () => {
    const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
    node.sync();
    const place = at(SELF, `${'x'.repeat(KEY_BYTES_MAX)}\0`);
    const request = node.query(get('a'), get('b'), get('c'), scan(place));
    expect(node.answer(request)?.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  });

  test('the page of another node’s place is asked of that node', () => {
    const node = SteppedNode.registered(
      ring(1, [arc({ end: OTHER }), arc({ start: OTHER, end: SELF, primary: OTHER, inSync: [OTHER] })]),
    );
    node.query(scan(at(OTHER + 1n, '')));
    expect(node.last('forward')).toMatchObject({
      to: { id: OTHER },
      operations: [{ type: OperationType.scan }],
    });
  });
});
