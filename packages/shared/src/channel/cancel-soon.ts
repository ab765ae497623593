/**
 * Cancels a stream in the next turn of the event loop.
 *
 * One that is cancelled in the very turn in which it was opened on a connection that is there already never
 * tells its server (Node.js 20 loses the reset): the server keeps the stream, and neither side's connection
 * can be closed in order. Whoever cancels has stopped listening before.
 */

import { setImmediate } from 'node:timers';

export function cancelSoon(stream: { cancel(): void }): void {
  setImmediate(() => stream.cancel());
}
