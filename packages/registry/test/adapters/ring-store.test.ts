import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PARAMETERS } from '@ringkeep/shared';
import { open } from 'lmdb';
import { MemoryRingStore, RING_STORE_CASES, newState, type RingStore } from '../../src';
import { LmdbRingStore } from '../../src/adapters/lmdb-ring-store';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-store-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the store on disk', () => {
  test.each(RING_STORE_CASES)('$title', async ({ run }) => {
    let store: RingStore = new LmdbRingStore(folder);
    const reopen = async (): Promise<RingStore> => {
      await store.close();
      return (store = new LmdbRingStore(folder));
    };
    await run(store, reopen);
    await store.close();
  });

  test('data of another format is refused by a text that names the folder', async () => {
    const store = new LmdbRingStore(folder);
    await store.save(newState('c', DEFAULT_PARAMETERS, 1n));
    await store.close();
    const raw = open<Uint8Array, string>({ path: folder, encoding: 'binary' });
    await raw.put('meta', Buffer.from('{"format": 99}'));
    await raw.close();
    const later = new LmdbRingStore(folder);
    expect(() => later.load()).toThrow(`the registry's data in ${folder} is damaged: its format is 99`);
    await later.close();
  });

  test('data of the format before is read; the claims in it are forgotten', async () => {
    const store = new LmdbRingStore(folder);
    const state = newState('c', DEFAULT_PARAMETERS, 1n);
    await store.save(state);
    await store.close();
    const raw = open<Uint8Array, string>({ path: folder, encoding: 'binary' });
    const meta = JSON.parse(String(Buffer.from(raw.get('meta') ?? []))) as object;
    const old = { ...meta, format: 1, claims: [{ id: '0000000000000001', claim: 'mine' }] };
    await raw.put('meta', Buffer.from(JSON.stringify(old)));
    await raw.close();
    const later = new LmdbRingStore(folder);
    expect(later.load()).toEqual(state);
    await later.close();
  });

  test('a missing arc is noticed', async () => {
    const store = new LmdbRingStore(folder);
    const conformance = RING_STORE_CASES.find(({ title }) => title.startsWith('members, arcs'));
    await conformance?.run(store, () => Promise.resolve(store));
    await store.close();
    const raw = open<Uint8Array, string>({ path: folder, encoding: 'binary' });
    await raw.remove('arc/0000000000000001');
    await raw.close();
    const later = new LmdbRingStore(folder);
    expect(() => later.load()).toThrow('is damaged');
    await later.close();
  });

  test.each([
    ['cut off', (path: string) => truncate(path, 8_192)],
    ['cut off in its head', (path: string) => truncate(path, 100)],
    ['overwritten', (path: string) => writeFile(path, Buffer.alloc(12_288, 7))],
  ])('a file that was %s is an error that names it, and no crash', async (_what, damage) => {
    const store = new LmdbRingStore(folder);
    await store.save(newState('c', DEFAULT_PARAMETERS, 1n));
    await store.close();
    const path = join(folder, 'data.mdb');
    await damage(path);
    expect(() => new LmdbRingStore(folder)).toThrow(`the file ${path} is damaged`);
  });
});

describe('the store in memory', () => {
  test.each(RING_STORE_CASES)('$title', async ({ run }) => {
    const store = new MemoryRingStore();
    await run(store, () => Promise.resolve(store));
  });
});
