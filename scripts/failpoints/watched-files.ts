/**
 * Turns every write, sync, change of length and change of names in the data folder into a point before and after it.
 */

import fs from 'node:fs';
import { endsAt, pass, placeOf } from './failpoint';

/** The paths of the files that are open. */
const places = new Map<number, string>();

type Callback = (error: Error | null, ...results: unknown[]) => void;
type Call = (...args: unknown[]) => void;

/** Calls of node:fs that end with a callback. Their own properties say how they are made into promises. */
function watchCall(name: 'write' | 'fsync' | 'fdatasync' | 'ftruncate', what: string): void {
  const real = fs[name] as unknown as Call;
  const watched: Call = (...args) => {
    const place = places.get(args[0] as number);
    if (place === undefined) return real(...args);
    const done = args.at(-1) as Callback;
    if (endsAt(`before ${what} ${place}`)) return;
    real(...args.slice(0, -1), (error: Error | null, ...results: unknown[]) => {
      if (endsAt(`after ${what} ${place}`)) return;
      done(error, ...results);
    });
  };
  Object.defineProperties(watched, Object.getOwnPropertyDescriptors(real));
  Object.assign(fs, { [name]: watched });
}

/** Calls of node:fs/promises on a path; of a rename the new name counts. */
function watchPromise(name: 'rename' | 'rm' | 'mkdir', of: 0 | 1): void {
  const real = fs.promises[name] as (...args: unknown[]) => Promise<unknown>;
  const watched = async (...args: unknown[]): Promise<unknown> => {
    const place = placeOf(String(args[of]));
    if (place === undefined) return real(...args);
    await pass(`before ${name} ${place}`);
    const result = await real(...args);
    await pass(`after ${name} ${place}`);
    return result;
  };
  Object.assign(fs.promises, { [name]: watched });
}

function watchOpen(): void {
  const real = fs.open as unknown as Call;
  const watched: Call = (path, ...rest) => {
    const done = rest.at(-1) as Callback;
    real(path, ...rest.slice(0, -1), (error: Error | null, file: number) => {
      const place = error ? undefined : placeOf(String(path));
      if (place !== undefined) places.set(file, place);
      done(error, file);
    });
  };
  Object.assign(fs, { open: watched });
  const close = fs.close as unknown as Call;
  Object.assign(fs, {
    close: (file: number, ...rest: unknown[]) => {
      places.delete(file);
      close(file, ...rest);
    },
  });
}

/** Files of node:fs/promises: the locks, LMDB's file and the folders are synced by them. */
function watchHandles(): void {
  const real = fs.promises.open;
  const watched = async (...args: Parameters<typeof real>): Promise<fs.promises.FileHandle> => {
    const handle = await real(...args);
    const place = placeOf(String(args[0]));
    if (place === undefined) return handle;
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await pass(`before sync ${place}`);
      await sync();
      await pass(`after sync ${place}`);
    };
    return handle;
  };
  Object.assign(fs.promises, { open: watched });
}

export function watchFiles(): void {
  watchOpen();
  watchHandles();
  watchCall('write', 'write');
  watchCall('fsync', 'sync');
  watchCall('fdatasync', 'sync');
  watchCall('ftruncate', 'truncate');
  watchPromise('rename', 1);
  watchPromise('rm', 0);
  watchPromise('mkdir', 0);
}
