/** What pages of other origins that the door was given may do (Fetch standard, "CORS protocol"). */

/** How long a browser may remember what it was allowed, s. */
const MAX_AGE_S = 600;
/** What a page may read of an answer besides its body. */
const READABLE = 'ETag, Ringkeep-TTL, Retry-After';
/** What a page may send. */
const SENDABLE = 'Content-Type, If-Match, If-None-Match, Last-Event-ID, Ringkeep-TTL';

export function readableHeaders(origin: string): readonly string[] {
  return ['Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', READABLE, 'Vary', 'Origin'];
}

export function preflightHeaders(methods: readonly string[]): readonly string[] {
  return [
    'Access-Control-Allow-Methods',
    methods.join(', '),
    'Access-Control-Allow-Headers',
    SENDABLE,
    'Access-Control-Max-Age',
    String(MAX_AGE_S),
  ];
}
