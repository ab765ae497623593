/** Waits until a client knows the ring. */

import { RingError, type Ring } from '@ringkeep/shared';
import type { SessionHost } from './adapters/session-host';
import { checkDuration, checkWait, type ConnectOptions } from './options';
import type { RingListeners } from './ring-listeners';

export async function firstRing(
  host: Pick<SessionHost, 'ring' | 'obstacle' | 'refusal'>,
  listeners: RingListeners,
  { signal, ...given }: ConnectOptions,
  deadlineMsDefault: number,
): Promise<Ring> {
  const deadlineMs = checkDuration('deadlineMs', given.deadlineMs ?? deadlineMsDefault);
  const waitMs = checkWait('waitMs', given.waitMs ?? deadlineMs);
  if (host.ring.version > 0) return host.ring;
  return listeners.next({
    deadlineMs,
    waitMs,
    signal,
    late: () => {
      const why = host.obstacle ?? 'no answer came';
      const tookMs = Math.max(deadlineMs, waitMs);
      return new RingError('UNAVAILABLE', `the ring is not known after ${tookMs} ms: ${why}`);
    },
    refused: () => {
      const { refusal } = host;
      return refusal === undefined ? undefined : new RingError('UNAVAILABLE', refusal);
    },
  });
}
