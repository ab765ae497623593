/**
 * What a request brings. A change needs a content type that no simple request can have (Fetch standard, "CORS-safelisted
 * request-header"): a page of another site cannot send it without asking first, and it is told no.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { quoted } from '@ringkeep/shared/ring/excerpt';
import { HttpFault } from '../http-fault';

const SIMPLE = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];

/** `bytes`: a value as it is. */
export type ContentKind = 'none' | 'bytes' | 'json';

/** Throws a fault: 411, 413 or 415. `bytesMax` is of the body. */
export function checkContent(headers: IncomingHttpHeaders, kind: ContentKind, bytesMax: number): void {
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity')
    throw new HttpFault(
      415,
      `the content encoding ${quoted(coding)} is not taken; send the bytes as they are`,
      {
        headers: ['Accept-Encoding', 'identity'],
      },
    );
  if (kind !== 'none') checkType(headers['content-type'], kind);
  const length = headers['content-length'];
  if (length !== undefined && Number(length) > bytesMax) throw tooLarge(bytesMax);
}

export function tooLarge(bytesMax: number): HttpFault {
  return new HttpFault(
    413,
    bytesMax === 0
      ? 'this request takes no body'
      : `the body has more than ${bytesMax} bytes, which are allowed`,
  );
}

function checkType(given: string | undefined, kind: 'bytes' | 'json'): void {
  const wanted = kind === 'json' ? 'application/json' : 'application/octet-stream';
  const why = `send Content-Type: ${wanted}`;
  if (given === undefined) throw new HttpFault(415, `the content type is missing; ${why}`);
  const type = (given.split(';', 1)[0] as string).trim().toLowerCase();
  if (SIMPLE.includes(type))
    throw new HttpFault(
      415,
      `${quoted(type)} is what any web page can send, so no change is made for it; ${why}`,
    );
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(type))
    throw new HttpFault(415, `${quoted(given)} is no content type; ${why}`);
  if (kind === 'json' && type !== wanted && !type.endsWith('+json'))
    throw new HttpFault(415, `the body must be JSON, and its type is ${quoted(type)}; ${why}`);
}
