/**
 * Changes as server-sent events, through joins, leaves and failures of nodes (event-stream.ts says how they are told).
 */

import type { Bytes } from '@ringkeep/shared';
import { bufferOfBytes } from '@ringkeep/shared/operations';
import type { RingChanges, RingEvent, WatchOptions } from '@ringkeep/client/watching';
import type { StreamedAnswer } from '../answer';
import { tellChanges } from '../event-stream';
import { malformed } from '../http-fault';
import { CURSOR_PARTS_MORE, CURSOR_PARTS_OF_ARC, WATCH_JSON_BYTES_MAX } from '../limits';
import { parseJsonObject } from '../request/json';
import type { Asked, Route } from './asked';

export const EVENTS_TYPE = 'text/event-stream';
const EVENTS = {
  200: { text: 'Events, until the caller or the node ends it.', type: EVENTS_TYPE, schema: 'Change' },
};

/** Throws INVALID_ARGUMENT. */
export type OpenWatch = (options: WatchOptions) => RingChanges<RingEvent>;

export function watchRoutes(open: OpenWatch): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/watch',
      id: 'watch',
      summary: 'Changes of a key, a prefix, a tag, or of everything, as server-sent events',
      query: {
        key: 'one key',
        prefix: 'all keys that begin so',
        tag: 'all keys of this tag',
        since: 'the cursor to go on from',
        resync: '`true`: what is lost is read anew',
      },
      headers: {
        'Last-Event-ID': 'the id of the last event of a watch of a key or a tag: it goes on from there',
      },
      brings: { kind: 'none' },
      answers: EVENTS,
      handle: (asked) => answerOf(open, asked, ofQuery(asked)),
    },
    {
      method: 'POST',
      path: '/v1/watch',
      id: 'watchFrom',
      summary: 'The same, from a cursor of any length',
      query: {},
      headers: {},
      brings: { kind: 'json', schema: 'Watch', bytesMax: () => WATCH_JSON_BYTES_MAX },
      answers: EVENTS,
      handle: (asked) => answerOf(open, asked, ofBody(asked)),
    },
  ];
}

function answerOf(open: OpenWatch, { host }: Asked, options: WatchOptions): StreamedAnswer {
  if (options.since !== undefined) checkCursor(options.since, host.core.view.ring.arcs.length);
  const changes = open(options);
  const hasShortCursor = options.key !== undefined || options.tag !== undefined;
  return {
    type: EVENTS_TYPE,
    stream: (out) => tellChanges(out, changes, hasShortCursor),
    cancel: () => void changes.return(),
  };
}

/** A cursor has a part for each arc, and more where it is from before some were joined. Work grows with its square. */
function checkCursor(since: string, arcs: number): void {
  const parts = since.split(',').length;
  const most = CURSOR_PARTS_OF_ARC * arcs + CURSOR_PARTS_MORE;
  if (parts > most)
    throw malformed(`the cursor has ${parts} parts; of a ring with ${arcs} arcs it has ${most} at most`);
}

const PLACES = ['key', 'prefix', 'tag'] as const;

function ofQuery({ query, headers }: Asked): WatchOptions {
  const resync = query.get('resync') ?? 'false';
  if (resync !== 'true' && resync !== 'false') throw malformed('the parameter resync must be true or false');
  const since = headers['last-event-id'] ?? query.get('since');
  return optionsOf(
    (name) => query.get(name),
    since === undefined ? undefined : String(since),
    resync === 'true',
  );
}

function ofBody({ body }: Asked): WatchOptions {
  const known = [...PLACES.flatMap((name) => [name, `${name}64`]), 'since', 'resync'];
  const fields = parseJsonObject(body, known);
  return optionsOf((name) => fields.bytes(name), fields.text('since'), fields.yesOrNo('resync') ?? false);
}

function optionsOf(
  bytesOf: (name: (typeof PLACES)[number]) => Bytes | undefined,
  since: string | undefined,
  resync: boolean,
): WatchOptions {
  const places = PLACES.flatMap((name) => {
    const bytes = bytesOf(name);
    return bytes === undefined ? [] : [[name, bufferOfBytes(bytes)]];
  });
  return { ...(Object.fromEntries(places) as WatchOptions), since, resync };
}
