/** A request as a route gets it: checked, decoded, its body read. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Bytes } from '@ringkeep/shared';
import type { NodeHost } from '../../../hosting/host';
import type { Answer } from '../answer';
import type { Query } from '../request/target';

export interface Asked {
  readonly host: NodeHost;
  /** Of a path that has one. */
  readonly key: Bytes;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Called if the caller goes before its answer has left; of several only the last one. */
  onGone(gone: () => void): void;
}

/** What its body is, and how many bytes it may have. */
export type Brings =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytesMax: (host: NodeHost) => number }
  | { readonly kind: 'json'; readonly schema: string; readonly bytesMax: (host: NodeHost) => number };

/** What may be answered, for the OpenAPI document. */
export interface AnswerText {
  readonly text: string;
  readonly type?: string;
  /** Of the components; without one, bytes or text. */
  readonly schema?: string;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'POST';
  /** As in the OpenAPI document: `/v1/keys/{key}`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly query: Readonly<Record<string, string>>;
  /** Headers that count, besides those that every request may have. */
  readonly headers: Readonly<Record<string, string>>;
  readonly brings: Brings;
  readonly answers: Readonly<Record<number, AnswerText>>;
  readonly handle: (asked: Asked) => Promise<Answer> | Answer;
}
