/** What a route answers: a whole answer, or a stream of text that it writes as fast as its reader takes it. */

import type { Bytes } from '@ringkeep/shared';
import type { ResponseStream } from './response-stream';

export interface WholeAnswer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers?: readonly string[];
  /** The type of the body, if there is one. */
  readonly type?: string;
  /** Text, or bytes … */
  readonly body?: Buffer | string;
  /** … or a byte string, which leaves together with its headers, in one write. */
  readonly bytes?: Bytes;
}

export interface StreamedAnswer {
  readonly type: string;
  /** Writes the body. What it throws ends the connection, so that nobody takes the stream for whole. */
  readonly stream: (out: ResponseStream) => Promise<void>;
  /** Called instead when only the headers are wanted. */
  readonly cancel?: () => void;
}

export type Answer = WholeAnswer | StreamedAnswer;

export const JSON_TYPE = 'application/json';
export const BYTES_TYPE = 'application/octet-stream';

export function json(status: number, value: unknown, headers?: readonly string[]): WholeAnswer {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(value)}\n`, ...(headers && { headers }) };
}
