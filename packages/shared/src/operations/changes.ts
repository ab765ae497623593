/** Committed changes, as whoever watches is told of them. */

import type { Arc, Bytes } from '../ring';

export type ChangeKind = 'put' | 'delete' | 'expiry';

/** One committed change of a key. */
export interface ToldChange {
  readonly kind: ChangeKind;
  readonly key: Bytes;
  /** Of a put. */
  readonly value: Bytes | undefined;
  /** The number of the operation in its arc; for one key it only grows. */
  readonly version: number;
}

/** Why no more is told of a range: it has another owner, or what follows is not kept any more. */
export type WatchRangeEnd = 'moved' | 'lost';

/** Everything of a range up to a number, and perhaps its end. */
export interface WatchNews {
  readonly range: Arc;
  readonly through: number;
  readonly changes: readonly ToldChange[];
  readonly ended: WatchRangeEnd | undefined;
}
