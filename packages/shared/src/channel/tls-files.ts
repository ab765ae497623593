/** TLS from three files in PEM: the server's certificate and key, and the authority that clients trust. */

import { readFile } from 'node:fs/promises';
import { RingError } from '../ring';

export interface TlsFiles {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

/** The files' contents. A server speaks TLS when it has certificate and key. */
export interface TlsMaterial {
  readonly identity?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Absent: the authorities that Node.js trusts. */
  readonly ca?: Buffer | undefined;
}

export const NO_TLS: TlsMaterial = {};

/** Throws INVALID_ARGUMENT naming the file that is missing or unreadable. */
export async function loadTls(files: TlsFiles): Promise<TlsMaterial> {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new RingError('INVALID_ARGUMENT', 'TLS needs a certificate and its key; only one of them is given');
  }
  const ca = files.ca === undefined ? undefined : await read('certificate authority', files.ca);
  if (files.cert === undefined || files.key === undefined) return { ca };
  const cert = await read('certificate', files.cert);
  return { ca, identity: { cert, key: await read('key', files.key) } };
}

async function read(what: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const text = `cannot read the TLS ${what} ${path}: ${(error as Error).message}`;
    throw new RingError('INVALID_ARGUMENT', text, { cause: error });
  }
}
