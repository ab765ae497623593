/** What a session asks its host to do. */

import type { KnownRing, Ring } from '@ringkeep/shared';
import type { Call } from './call';
import type { Frame } from './frame';

/** Where the ring can be watched. */
export type WatchSource =
  | { readonly kind: 'node'; readonly address: string }
  | { readonly kind: 'registry'; readonly address: string };

/** What happened, for logs and for anybody who is interested: nothing depends on it. */
export type SessionReport =
  | { readonly kind: 'reached'; readonly address: string }
  | { readonly kind: 'unreachable'; readonly address: string; readonly reason: string }
  | { readonly kind: 'broken'; readonly address: string; readonly reason: string; readonly unknown: number }
  | { readonly kind: 'watch-ended'; readonly source: WatchSource; readonly reason: string };

export type Effect =
  /** Open a stream to a node; answer with `opened` or `connectFailed`, later `closing`, `streamEnded`. */
  | { readonly kind: 'connect'; readonly address: string }
  /** End that stream, or the attempt; nothing is heard of it any more. */
  | { readonly kind: 'disconnect'; readonly address: string }
  | {
      readonly kind: 'send';
      readonly address: string;
      readonly frame: Frame;
      readonly deadlineMs: number;
      readonly ringVersion: number;
    }
  /** Nobody waits for that frame any more. */
  | { readonly kind: 'cancel'; readonly address: string; readonly frame: number }
  /** Each of these calls has its result. */
  | { readonly kind: 'settle'; readonly calls: readonly Call[] }
  /** Watch the ring there, in place of any earlier watch; its news carry the number. */
  | {
      readonly kind: 'watch';
      readonly number: number;
      readonly source: WatchSource;
      readonly from: KnownRing;
      readonly clusterId: string;
    }
  | { readonly kind: 'stop-watching' }
  | { readonly kind: 'ring'; readonly ring: Ring }
  | { readonly kind: 'report'; readonly report: SessionReport }
  /** The session is closed and every call has its result. Always the last effect. */
  | { readonly kind: 'closed' };
