/**
 * Cancels a stream in the next turn of the event loop.
 *
 * When a stream is cancelled in the same turn in which it was opened on an existing connection, its server never hears
 * of it (Node.js 20 loses the reset). The server then keeps the stream, and neither side can close the connection in
 * order. The caller has stopped listening before it cancels.
 */

import { setImmediate } from 'node:timers';

export function cancelSoon(stream: { cancel(): void }): void {
  setImmediate(() => stream.cancel());
}
