/** Makes the names in a folder durable, and their removal: syncing a file does not do that for its name. */

import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder and its parents if need be; all are durable when the promise resolves. */
export async function makeFolder(path: string): Promise<void> {
  const whole = resolve(path);
  const first = await mkdir(whole, { recursive: true });
  // Its name may be new without this process having made it: one before may have been killed in between.
  const topmost = dirname(first ?? whole);
  for (let above = dirname(whole); ; above = dirname(above)) {
    await syncFolder(above).catch((error: NodeJS.ErrnoException) => {
      // It was there before, and its keeper does not let this process look into it.
      if (error.code !== 'EACCES' || first !== undefined) throw error;
    });
    if (above === topmost || above === dirname(above)) return;
  }
}
