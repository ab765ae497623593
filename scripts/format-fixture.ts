/**
 * `npm run format-fixture -- CHECKOUT FILE`: the data of a whole ring as a given version of Ringkeep leaves it, packed
 * into a file, for tests in which a later version starts on it.
 *
 * It contains everything that makes a format hard to read: entries in the tables and entries in the logs only, values
 * written over each other, deletions of both kinds, numbers without an entry, empty and large values, keys of all
 * lengths, and writes that were under way when every process was killed. `expected.json` beside the folders says what
 * was acknowledged.
 */

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { constants, createBrotliCompress } from 'node:zlib';
import { RingClient } from '@ringkeep/client';
import { RingError } from '@ringkeep/shared';
import { forceCheckpoints } from './checkpoints';
import { LocalRing } from '@ringkeep/local-ring';
import { runScript } from '@ringkeep/process/command-line';

/** What a ring should hold that starts on the fixture. */
export interface Expected {
  readonly nodes: readonly string[];
  /** Values in base64, by key. */
  readonly stored: Readonly<Record<string, string>>;
  /** By key, of what is stored; absent where that version of Ringkeep told none. */
  readonly versions?: Readonly<Record<string, number>>;
  readonly absent: readonly string[];
  /** Nobody was told whether these were written: one of the two values, in base64; null for none. */
  readonly uncertain: Readonly<Record<string, readonly [string | null, string | null]>>;
}

const NODES = 3;
const COPIES = 2;
const TABLE_KEYS = 160;
const LOG_KEYS = 60;
const UNDER_WAY_KEYS = 40;
const UNDER_WAY_MS = 400;

const script = {
  name: 'npm run format-fixture --',
  text: 'Packs the data of a ring that another version of Ringkeep has run into a file, for tests of its format.',
  specs: {},
  operands: [
    { name: '<checkout>', text: 'folder of that version, built' },
    { name: '<file>', text: 'the .tar.br to write' },
  ],
};

runScript(script, async (_options, [checkout, file]) => {
  if (checkout === undefined || file === undefined)
    throw new RingError('INVALID_ARGUMENT', 'name the checkout to run and the file to write');
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-fixture-'));
  try {
    const expected = await runRing(resolve(checkout), folder);
    await writeFile(join(folder, 'expected.json'), JSON.stringify(expected, undefined, 1));
    await pack(folder, resolve(file));
    console.log(
      `${Object.keys(expected.stored).length} keys stored, ${expected.absent.length} deleted, ` +
        `${Object.keys(expected.uncertain).length} under way`,
    );
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Most of a folder is zeros in preallocated segments: Brotli takes a seventh of what gzip does. */
async function pack(folder: string, file: string): Promise<void> {
  const tar = spawn('tar', ['-cf', '-', '--exclude=lock-*', '-C', folder, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const brotli = createBrotliCompress({ params: { [constants.BROTLI_PARAM_LGWIN]: 24 } });
  await pipeline(tar.stdout, brotli, createWriteStream(file));
}

async function runRing(checkout: string, folder: string): Promise<Expected> {
  const ring = await LocalRing.start({ folder, checkout, replicationFactor: COPIES }, NODES);
  try {
    const client = await RingClient.connect({ nodes: ring.addresses });
    try {
      await ring.settled();
      const contents = new Contents(client);
      await contents.fillTables(() => forceCheckpoints(ring, folder, client));
      await contents.fillLogs();
      const [paused] = ring.places;
      paused?.process?.signal('SIGSTOP');
      await contents.writeAndForget();
      await ring.killAll();
      return contents.expected(ring.places.map(({ name }) => name));
    } finally {
      await client.close();
    }
  } finally {
    ring.killNow();
    await ring.stop();
  }
}

class Contents {
  private readonly stored = new Map<string, Buffer>();
  private readonly versions = new Map<string, number>();
  private readonly absent = new Set<string>();
  private readonly uncertain = new Map<string, readonly [string | null, string | null]>();

  constructor(private readonly client: RingClient) {}

  /** These end in the tables. */
  async fillTables(intoTables: () => Promise<void>): Promise<void> {
    for (let i = 0; i < TABLE_KEYS; i++) await this.set(keyOf('table', i), valueOf(i));
    for (let i = 0; i < TABLE_KEYS; i += 10) await this.delete(keyOf('table', i));
    await intoTables();
  }

  /** These stay in the logs: new keys, and changes of what the tables hold. */
  async fillLogs(): Promise<void> {
    for (let i = 0; i < LOG_KEYS; i++) await this.set(keyOf('log', i), valueOf(i + 1));
    for (let i = 1; i < LOG_KEYS; i += 7) await this.delete(keyOf('log', i));
    for (let i = 1; i < TABLE_KEYS; i += 9) await this.set(keyOf('table', i), valueOf(i + 2));
    for (let i = 2; i < TABLE_KEYS; i += 11) await this.delete(keyOf('table', i));
    for (let i = 3; i < LOG_KEYS; i += 9) await this.refuse(keyOf('log', i));
  }

  /** Whatever becomes of them: a follower is silent, so what needs it is prepared and no more. */
  async writeAndForget(): Promise<void> {
    const changes = Array.from({ length: UNDER_WAY_KEYS }, (_, i) => this.change(i));
    await Promise.race([Promise.allSettled(changes), pause(UNDER_WAY_MS)]);
  }

  private async change(i: number): Promise<void> {
    const key = i % 3 === 0 ? keyOf('under way', i) : keyOf('table', 3 + i);
    const before = this.stored.get(key)?.toString('base64') ?? null;
    const after = i % 5 === 4 ? null : valueOf(i + 3);
    this.stored.delete(key);
    this.versions.delete(key);
    this.absent.delete(key);
    this.uncertain.set(key, [before, after?.toString('base64') ?? null]);
    if (after === null) await this.client.delete(key);
    else await this.client.set(key, after);
  }

  expected(nodes: readonly string[]): Expected {
    return {
      nodes,
      stored: Object.fromEntries([...this.stored].map(([key, value]) => [key, value.toString('base64')])),
      versions: Object.fromEntries(this.versions),
      absent: [...this.absent],
      uncertain: Object.fromEntries(this.uncertain),
    };
  }

  private async set(key: string, value: Buffer): Promise<void> {
    const { version } = await this.client.set(key, value, { withVersion: true });
    this.stored.set(key, value);
    this.versions.set(key, version);
    this.absent.delete(key);
  }

  /** A number without an entry: its condition does not hold. */
  private async refuse(key: string): Promise<void> {
    const { done } = await this.client.set(key, 'refused', { ifVersion: Number.MAX_SAFE_INTEGER });
    if (done) throw new Error(`a condition held that cannot hold, of the key ${key}`);
  }

  private async delete(key: string): Promise<void> {
    await this.client.delete(key);
    this.stored.delete(key);
    this.versions.delete(key);
    this.absent.add(key);
  }
}

/** Of all lengths, up to the longest that there may be. */
function keyOf(kind: string, i: number): string {
  const key = `${kind} ${i} `;
  return i % 50 === 49 ? key.padEnd(1024, 'k') : key.padEnd(key.length + (i % 13), '.');
}

/** Of all bytes and most lengths. */
function valueOf(i: number): Buffer {
  const length = i % 100 === 99 ? 50_000 : i % 10 === 3 ? 0 : (i * 7) % 90;
  return Buffer.alloc(length, Buffer.from([i & 255, 255 - (i & 255), 0, 128 + (i & 63)]));
}
