/** Converts histories of logs between messages and data, and checks what comes in. */

import { NO_HISTORY, position, type LogHistory } from '../ring';
import type * as wire from './generated/registry';

export function historyToWire({ from, pieces, starts }: LogHistory): wire.LogHistory {
  return {
    from,
    pieces: pieces.map(({ range, runs, ...rest }) => ({ ...range, ...rest, runs: [...runs] })),
    starts: [...starts],
  };
}

/** A log without operations has an empty history. */
export function historyFromWire(message: wire.LogHistory | undefined): LogHistory {
  if (!message) return NO_HISTORY;
  const pieces = message.pieces.map(({ start, end, from, runs, committed }) => {
    return { range: { start: position(start), end: position(end) }, from, runs, committed };
  });
  return { from: Math.max(1, message.from), pieces, starts: message.starts };
}
