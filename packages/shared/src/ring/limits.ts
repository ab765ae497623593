/** Limits that all sides share, each with its unit in the name and a reason beside it. */

import { invariant } from './errors';

/** Operations in one batch frame: 64 give 85 % of the gain of batching, 256 nearly all. */
export const FRAME_OPERATIONS_MAX = 256;
/** Bytes of keys and values at which a sender closes a frame. One larger operation travels alone. */
export const FRAME_BYTES_TARGET = 256 * 1024;
/** Bytes of a key: what the parameter `keyBytesMax` allows at most. */
export const KEY_BYTES_MAX = 1024;
/** Largest gRPC message: gRPC's own default; a frame of the largest key and value stays far below. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** Bytes that may be sent ahead to a peer that has not taken them yet, over each stream: four full frames. */
export const FLOW_CONTROL_WINDOW_BYTES = 4 * FRAME_BYTES_TARGET;
/** Bytes of values at which a reply to a frame is continued in another message. */
export const REPLY_BYTES_TARGET = 1024 * 1024;
/** Conditions and operations of one transaction, together. */
export const TRANSACTION_OPERATIONS_MAX = 128;
/** Bytes of a transaction as it is asked for, of the entries that it leaves, and of its answer: each. */
export const TRANSACTION_BYTES_MAX = 2 * 1024 * 1024;
/** Byte strings up to this length may be slices of a whole frame's: whoever keeps one for long copies it. */
export const SLICE_BYTES_MAX = 1024;
/** Bytes of entries in one chunk of a transfer. */
export const CHUNK_BYTES_TARGET = 128 * 1024;
/** Bytes of chunks that may be on their way to a follower. */
export const TRANSFER_WINDOW_BYTES = 1024 * 1024;
/** Forwards before a query fails: views of the ring may differ for a moment, but not for ever. */
export const HOPS_MAX = 64;

invariant(
  FRAME_BYTES_TARGET + 2 * (1 << 20) + KEY_BYTES_MAX < MESSAGE_BYTES_MAX,
  'a frame and one largest operation fit a message: a value, and one that its condition names',
);
invariant(
  TRANSACTION_BYTES_MAX <= 2 * (1 << 20),
  'a transaction is no larger than the largest of other operations',
);
invariant(
  REPLY_BYTES_TARGET + TRANSACTION_BYTES_MAX + 64 * 1024 < MESSAGE_BYTES_MAX,
  'a part of a reply and one largest answer fit a message',
);
invariant(
  CHUNK_BYTES_TARGET * 2 <= TRANSFER_WINDOW_BYTES,
  'two chunks fit the window, or a transfer would stall',
);
