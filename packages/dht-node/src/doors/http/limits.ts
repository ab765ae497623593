/** What one caller may have under way at the door for HTTP, and all of them together. */

/** Parameters of a query. */
export const QUERY_PARAMETERS_MAX = 16;
/** Tags of one If-Match or If-None-Match. */
export const ETAGS_MAX = 64;
/** Bytes of the request line and headers: a target of 8 KB, and as much again. */
export const HEADER_BYTES_MAX = 16 * 1024;
/** Bytes of a JSON body that says little. */
export const SMALL_JSON_BYTES_MAX = 64 * 1024;
/** Bytes of the body that begins a watch: its cursor has some 50 for each arc. */
export const WATCH_JSON_BYTES_MAX = 1024 * 1024;
/** Parts of a cursor of a watch, for each arc of the ring and besides. */
export const CURSOR_PARTS_OF_ARC = 4;
export const CURSOR_PARTS_MORE = 64;
/** How often it is looked who takes too long, and who stands still, ms. */
export const LOOK_MS = 250;
/** Requests of one connection that wait for the one before them; beyond that it is not read. */
export const PIPELINED_MAX = 64;
/** Bytes of a refused body that are read and dropped, so that its sender reads the answer; then it is cut. */
export const DROPPED_BYTES_MAX = 8 * 1024 * 1024;
/** Between two comments of a quiet event stream, ms: proxies cut what is silent for a minute. */
export const HEARTBEAT_MS = 15_000;
/** Bytes of changes that wait for the reader of one event stream; the nodes keep the rest, or say that it is lost. */
export const STREAM_WAITING_BYTES_MAX = 256 * 1024;
/** Between two cursors of an event stream on which changes come, ms. */
export const CURSOR_MS = 1_000;
/** Connections, unless fewer files may be open. */
export const CONNECTIONS_MAX = 4_096;
/** Share of the files that may be open which connections of this door take. */
export const CONNECTIONS_SHARE = 1 / 4;
/** Bytes that all connections hold: bodies that are not complete, answers that are not read. */
export const DOOR_BYTES_MAX = 256 * 1024 * 1024;
/** Bytes of an answer on its way that nobody counts: few enough, and most answers. */
export const UNREAD_UNCOUNTED_BYTES = 16 * 1024;
/** How often a write whose condition names several versions is tried again, if the key changes meanwhile. */
export const CONDITION_ROUNDS_MAX = 16;
/** How long the last answers may take to leave, ms. */
export const FAREWELL_MS = 500;

/** How long callers may take for what, ms. */
export interface HttpTimes {
  /** To send the headers of a request. */
  readonly headersMs: number;
  /** To send all of it. */
  readonly requestMs: number;
  /** To send the next one on the same connection. */
  readonly idleMs: number;
  /** To take something of a stream that stands still because of its reader. */
  readonly unreadMs: number;
  /** To be answered when the node stops. */
  readonly drainMs: number;
}

export const USUAL_TIMES: HttpTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 60_000,
  unreadMs: 20_000,
  drainMs: 2_000,
};
