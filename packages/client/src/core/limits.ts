/** The limits and paces of a client session, each with its unit in the name and a reason beside it. */

import {
  DEFAULT_PARAMETERS,
  FRAME_BYTES_TARGET,
  FRAME_OPERATIONS_MAX,
  MESSAGE_BYTES_MAX,
  invariant,
} from '@ringkeep/shared';

export interface SessionLimits {
  /** Operations that are waiting or in flight; one more is refused, so that memory stays bounded. */
  readonly operationsMax: number;
  /** The same for the bytes of their keys and values. */
  readonly bytesMax: number;
  /** Operations handed to one node's stream and unanswered: a slow node must not take up the whole budget. */
  readonly nodeOperationsMax: number;
  readonly nodeBytesMax: number;
  /** Operations handed to any stream and unanswered. */
  readonly inFlightOperationsMax: number;
  readonly inFlightBytesMax: number;
}

export const DEFAULT_LIMITS: SessionLimits = {
  operationsMax: 65_536,
  bytesMax: 64 * 1024 * 1024,
  nodeOperationsMax: 8_192,
  nodeBytesMax: 8 * 1024 * 1024,
  inFlightOperationsMax: 32_768,
  inFlightBytesMax: 32 * 1024 * 1024,
};

/** What an operation costs a node in addition to its bytes, in bytes: found with values of 100 bytes to 16 KiB. */
export const OPERATION_LOAD_BYTES = 400;
/** How late an answer may come, compared with the quickest, before less is sent. */
export const QUEUEING_MS_MAX = 50;
/** For how long the quickest answer counts, at least. */
export const QUICKEST_PERIOD_MS = 60_000;
/** This much is sent however late the answers are: a thousand small operations, which share one sync of a disk. */
export const WINDOW_BYTES_LEAST = 512 * 1024;
/** How often deadlines and retries are checked while there are operations; this is their precision. */
export const TICK_MS = 10;
/**
 * Smaller frames go only when nothing is unanswered or time has passed, and what is outstanding is not cut in two if
 * the halves would be smaller. A frame of writes costs a node twice as much, for the sync of its disk.
 */
export const FRAME_OPERATIONS_LEAST = { reads: 32, writes: 64 } as const;
/** A frame with this many operations goes at once, whatever is unanswered. */
export const FRAME_OPERATIONS_WORTH = 128;
/** Bounds of how long a smaller frame waits; between them it waits as long as an answer takes. */
export const FRAME_HOLD_MS = { least: 1, most: 10 } as const;
/** The weight of the newest answer in the time that answers take. */
export const ROUND_TRIP_WEIGHT = 1 / 8;
/** Owners for whom a forwarding node gets frames of their own when there is much to send to each. */
export const FORWARD_LANES_MAX = 16;
/** Nodes to which connections are tried at once while none is open. */
export const CONNECTING_MAX = 3;
/** Wrong nodes in a row after which an operation lets the next node forward it. */
export const STRAYS_MAX = 2;
/** First and longest pause before an operation that was refused is sent again. */
export const RESEND_PAUSE_MS = { first: 10, longest: 400 } as const;
/** The same for connections while no other node can be reached: an outage should end soon after its cause. */
export const RECONNECT_PAUSE_MS = { first: 50, longest: 1_000 } as const;
/** The same while other nodes forward: an address behind a NAT may never be reachable. */
export const DIRECT_PAUSE_MS = { first: 100, longest: 30_000 } as const;
/** The same for a watch of the ring that ended. */
export const WATCH_PAUSE_MS = { first: 50, longest: 2_000 } as const;

/** The same for a watch of changes: its node may just be replaced, and each moment counts against what is kept. */
export const CHANGES_PAUSE_MS = { first: 20, longest: 1_000 } as const;
/** A node that serves a watch of changes says something each second. */
export const CHANGES_SILENT_MS = 2_000;

/** How often the holder of a lock looks at the clock, at least. */
export const LOCK_LOOK_MS = 250;
/** Who waits for a lock and was told that it should be over looks a little later. */
export const LOCK_OVER_MS = 20;
/** Pause before an attempt at a lock whose outcome is not known is made again. */
export const LOCK_AGAIN_MS = 50;
/** Who gives up waiting for a lock waits at most so long until nothing is left behind. */
export const LOCK_LEAVE_MS_MAX = 1_000;

/** First and longest pause between two suspicions of a source of news, while no newer ring comes of them. */
export const SUSPICION_PAUSE_MS = { first: 1_000, longest: 30_000 } as const;
/** The ring's lease, until a beat says it. */
export const LEASE_MS_ASSUMED = DEFAULT_PARAMETERS.leaseMs;
/** A node that has answered nothing for this long is silent. A node that is gone is replaced after one lease. */
export const SILENT_LEASES = 1 / 2;
/** How often a silent node is asked something anyway, to see whether it speaks again. */
export const SILENT_TRY_MS = 500;
/** A flush that is later than asked for by more than this shows that this process stood still, not the others. */
export const LATE_MS_MAX = 50;
/** Beats that may be missing before a watch is taken for silent: one may be late on a busy machine. */
export const BEATS_MISSED_MAX = 2;
/** How long a node may take to answer a watch over an existing connection. */
export const FIRST_WORD_LEASES = 1 / 4;
/** The same for the registry, to which the connection is made first. */
export const REGISTRY_FIRST_WORD_MS = 2_000;
/** For how long other sources are preferred to one that was no good. */
export const DOUBT_LEASES = { first: 2, longest: 32 } as const;
/** An attempt to connect that takes longer does not keep others from being begun. */
export const CONNECT_SLOW_MS = 250;

/** Fills in what is missing. Throws an error that names an impossible limit. */
export function checkLimits(given: Partial<SessionLimits>): SessionLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    invariant(Number.isSafeInteger(value) && value > 0, `${name} must be a positive integer, got ${value}`);
  }
  return limits;
}

invariant(
  DEFAULT_LIMITS.nodeOperationsMax >= 2 * FRAME_OPERATIONS_MAX,
  'one frame can be made while another travels',
);
invariant(
  DEFAULT_LIMITS.nodeBytesMax >= MESSAGE_BYTES_MAX && DEFAULT_LIMITS.bytesMax > FRAME_BYTES_TARGET,
  'the largest message fits',
);
