/** A node's own settings and the constants of its core; what a whole ring shares is in ClusterParameters. */

import {
  CHUNK_BYTES_TARGET,
  invariant,
  MESSAGE_BYTES_MAX,
  TRANSFER_WINDOW_BYTES,
  type ClusterParameters,
} from '@ringkeep/shared';
import type { SchemeOptions } from '@ringkeep/routing';

/** Bytes of a page of a scan: what a node makes in a fraction of a millisecond, and far more than a call costs. */
export const PAGE_BYTES_TARGET = 128 * 1024;
/** Entries that a page looks at, at most: a few milliseconds. */
export const PAGE_EXAMINED_MAX = 2_000;

/** Heartbeats to a follower, renewals at the registry: that many to a lease. */
export const BEATS_PER_LEASE = 4;
export function beatMs({ leaseMs, failureTimeoutMs }: ClusterParameters): number {
  return Math.min(leaseMs, failureTimeoutMs) / BEATS_PER_LEASE;
}
/** By how much two machines' clocks may get apart in a time: twice what NTP slews at most (clock_adjtime(2)). */
export const CLOCK_DRIFT_MAX = 1e-3;
/** A renewal that takes longer than this share of the membership lease counts as lost … */
export const RENEWAL_TIMEOUT_PER_LEASE = 1 / 4;
/** … and after this share of it the next one is sent. */
export const RENEWAL_RETRY_PER_LEASE = 1 / 8;
/** How long any other call to the registry may take: it writes to its disk before it answers. */
export const REGISTRY_CALL_MS_MAX = 2_000;
/** An answer of the registry that comes later than this counts as none. */
export const FORGET_CALL_MS = 5 * REGISTRY_CALL_MS_MAX;
/** The first pause between two registrations while the registry does not answer. */
export const REGISTRY_RETRY_MS = 500;
/** The longest pause between two registrations while the registry does not answer. */
export const REGISTRY_RETRY_MS_MAX = 2_000;
/** How long to wait before a refused or broken stream is opened again. */
export const REOPEN_MS = 100;
/** How old the registry's last answer may be when an arc is quiesced: quiesce last. */
export const REGISTRY_FRESH_MS = 1_000;
/** How long ago a node may have been found at its address when an arc is handed to it. */
export const REACHED_MS = 1_000;
/** How often a node is looked for that is to be given an arc. */
export const DIAL_EVERY_MS = 500;
/** Without an answer within this time it is looked for again: the host gives up earlier. */
export const DIAL_MS_MAX = 3_000;
/** An owner that its followers have missed may own its arc again after this many failure timeouts without a failure. */
export const PROBATION_PER_FAILURE_TIMEOUT = 2;
/**
 * A member complains of a silent primary after a lease, and before the primary gives up members that it does not hear.
 */
export const COMPLAINT_PER_FAILURE_TIMEOUT = 0.8;
/**
 * A primary that may itself not be heard drops nobody for this many failure timeouts, so that the others can complain
 * meanwhile.
 */
export const UNHEARD_PER_FAILURE_TIMEOUT = 2;
/** If two steps are further apart than this, nothing was heard because of this node's own pause. */
export const HICCUP_MS = 500;
/** How long writes may be held back before a handover is proposed. After that they go on, and it is tried again. */
export const QUIESCE_MS_MAX = 1_000;
/** After an abandoned handover. */
export const HANDOVER_PAUSE_MS = 500;
/** A follower keeps pace if its oldest unacknowledged operation was sent no longer ago than this. */
export const PACE_MS_MAX = 50;
/** How long commits may wait for a follower that keeps pace, until it is level … */
export const HOLD_MS_MAX = 100;
/** … and how long they are not held back again when that was in vain. */
export const HOLD_AGAIN_MS = 3_000;
/** Writes and bytes of an arc that may be prepared and not committed; more are refused. */
export const WINDOW_OPERATIONS_MAX = 65_536;
export const WINDOW_BYTES_MAX = 64 * 1024 * 1024;
/** When this many operations wait, they do not wait for those on their way. */
export const PREPARE_OPERATIONS_MAX = 256;
/** How often an arc is looked through for keys whose time is over … */
export const SWEEP_AGAIN_MS = 100;
/** … and how soon again when there were some, or when there was no room: reads have their turn in between. */
export const SWEEP_PAUSE_MS = 5;
/** Keys that are ended in one step: some milliseconds. */
export const SWEEP_KEYS_MAX = 256;
/** While so many operations of an arc are under way no key is ended that nobody meets: they are committed together. */
export const SWEEP_WINDOW_MAX = 2_048;
/** Numbers that an arc leaves out where acknowledged writes were lost: more than any lost log went on by. */
export const NUMBERS_LEFT_OUT = 2 ** 32;
/** Operations that may wait for an arc to serve, and for a forward to be tried again. */
export const HELD_OPERATIONS_MAX = 65_536;
/** Prepared bytes that a follower outside the in-sync set may be behind before its stream is closed. */
export const LAG_BYTES_MAX = 16 * 1024 * 1024;
/** Damaged stretches that a node remembers; further ones are found again later. */
export const MENDING_RANGES_MAX = 4_096;
/** After this long without an answer another replica's entries are asked for again. */
export const MEND_AGAIN_MS = 1_000;
/** Keys written while a question for them is open; beyond that the answer is of no use. */
export const REPAIR_KEYS_MAX = 100_000;
/** Entries read for one page of a copy's listing, keys and values: about 5 ms of the event loop. */
export const LISTING_PAGE_BYTES = 256 * 1024;
/**
 * What a node keeps of the operations that it has committed last, for watchers, unless it is told otherwise: half a
 * second of 100,000 writes of 100 bytes a second.
 */
export const HISTORY_BYTES = 8 * 1024 * 1024;
/** What a commit costs in that memory beside its bytes, about: a few objects, and places in lists. */
export const COMMIT_BYTES_EACH = 224;
/** What a change costs on its way to a watcher beside its key and its value. */
export const CHANGE_BYTES_EACH = 96;
/** Watches that a node serves, unless it is told otherwise. */
export const WATCHES_MAX = 10_000;
/** Changes that are on their way to one watch, bytes; beyond that it goes on from what is kept. */
export const WATCH_OUTSTANDING_BYTES_MAX = 1024 * 1024;
/** Changes in one message to a watch that is behind. */
export const WATCH_MESSAGE_BYTES = 256 * 1024;
/** Numbers that are looked through for watches that are behind before other things have their turn: some 2 ms. */
export const WATCH_NUMBERS_AT_ONCE = 20_000;
/** How often a watcher is told where its arc is. */
export const WATCH_PROGRESS_MS = 1_000;
/** How long a former owner goes on with watchers that are behind. */
export const WATCH_FINISH_MS = 10_000;
/** Grants are few: expired ones are removed when there are more than this. */
export const GRANTS_UNSWEPT_MAX = 16;
/** How a transfer is divided. All nodes of a ring use the same sizes; a simulator has smaller ones. */
export interface TransferSizes {
  /** Bytes of entries in one chunk. */
  readonly chunkBytes: number;
  /** Bytes of operations in one message; one larger operation travels alone. */
  readonly messageBytes: number;
  /** Bytes of entries that may be on their way: two chunks at least, or a transfer would stall. */
  readonly windowBytes: number;
  /** Bytes of entries behind one digest. */
  readonly bucketBytes: number;
  /** Digests in one message. */
  readonly pageBuckets: number;
}
/**
 * Some 16 entries of 100 bytes to a digest: after 1,000 writes to a million keys, digests and what differs
 * are about as large. A page stands for a quarter of a megabyte: some milliseconds to make.
 */
export const TRANSFER_SIZES: TransferSizes = {
  chunkBytes: CHUNK_BYTES_TARGET,
  messageBytes: MESSAGE_BYTES_MAX / 4,
  windowBytes: TRANSFER_WINDOW_BYTES,
  bucketBytes: 2_048,
  pageBuckets: 128,
};
/** How long an operation waits before another try when no newer ring arrives. */
export const FORWARD_RETRY_MS = 50;
/** How long a peer that failed is left out of routing; one that stays away is out of the ring soon after. */
export const FAILED_PEER_MS = 1_000;
/** How many detours round a failed peer are tried. */
export const HOP_CANDIDATES_MAX = 16;
/** The weight of a new round-trip time against earlier ones: as in TCP. */
export const ROUND_TRIP_WEIGHT = 1 / 8;
/**
 * Smaller structures than those of the papers. Each node hears of a change from the registry within moments, and until
 * then needs only detours round a few failed nodes.
 */
export const SCHEME_OPTIONS: SchemeOptions = {
  neighbours: { perSide: 4 },
  chord: { successors: 4 },
  pastry: { leafSetSize: 8, neighbourhoodSize: 0 },
};
/** How often lazy records (commit points) are written when nothing else is. */
export const LAZY_FLUSH_MS = 200;
/** The longest time between two ticks. */
export const TICK_MS_MAX = 100;

invariant(
  1 / BEATS_PER_LEASE + RENEWAL_TIMEOUT_PER_LEASE + RENEWAL_RETRY_PER_LEASE + RENEWAL_TIMEOUT_PER_LEASE < 1,
  'a member that loses one renewal gets the next one through before its lease ends',
);
invariant(
  QUIESCE_MS_MAX <= REGISTRY_FRESH_MS,
  'a quiesced arc does not wait longer than the registry was known to answer',
);
invariant(SWEEP_AGAIN_MS <= TICK_MS_MAX, 'an arc is looked through at ticks that come anyway');
invariant(
  SWEEP_WINDOW_MAX <= WINDOW_OPERATIONS_MAX / 2,
  'keys that end leave at least half of the window to writes',
);
