/**
 * A page of a scan is a snapshot: it names a number, and has what the operations up to that number have left, no less
 * and no more. What it says of each key is checked besides, as a read of that key.
 */

import type { HistoryOperation } from '@ringkeep/checker/core';
import type { RingKey } from '@ringkeep/shared';
import type { Failure } from './failure';

export interface PageRecord {
  readonly place: RingKey;
  /** Of the last operation whose effects it has. */
  readonly seq: number;
  /** Of every key of its stretch; 0 if it is not there. */
  readonly versions: ReadonlyMap<string, number>;
}

/** `isCertain`: nothing acknowledged of the key may be lost, and no number be given out again. */
export function checkPages(
  pages: readonly PageRecord[],
  history: readonly HistoryOperation[],
  isCertain: (key: string) => boolean,
): Failure | undefined {
  const written = versionsWritten(history);
  for (const { seq, versions } of pages) {
    for (const [key, version] of versions) {
      if (!isCertain(key)) continue;
      if (version > seq) return failure(`a page as of ${seq} has ${key} as of ${version}`);
      if (version === 0) continue;
      const missed = written.get(key)?.find((each) => each > version && each <= seq);
      if (missed !== undefined)
        return failure(`a page as of ${seq} has ${key} as of ${version}, and not the write ${missed}`);
    }
  }
  return undefined;
}

/** By key, of the writes that are known to have changed it. */
function versionsWritten(history: readonly HistoryOperation[]): ReadonlyMap<string, readonly number[]> {
  const written = new Map<string, number[]>();
  for (const operation of history) {
    if (operation.outcome !== 'ok' || (operation.op !== 'set' && operation.op !== 'append')) continue;
    const { key, version, held } = operation;
    if (version === undefined || held === false) continue;
    written.set(key, [...(written.get(key) ?? []), version]);
  }
  return written;
}

function failure(text: string): Failure {
  return { checker: 'pages', text };
}
