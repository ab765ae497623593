/** Compares the records of a file with what a ring holds. Of several records of one key the last counts. */

import type { RingClient } from '@ringkeep/client';
import { bytesOfBuffer, bytesOfText } from '@ringkeep/shared/operations';
import { BulkRun, type BulkFigures, type BulkOptions, type Item } from './bulk-run';
import { Tally } from './tally';

export interface LookupSummary extends BulkFigures {
  /** Keys whose value is the same as in the file. */
  readonly found: number;
  readonly missing: number;
  readonly different: number;
}

type Verdict = 'found' | 'missing' | 'different' | 'failed';

/** Throws FAILED_PRECONDITION when the file cannot be read; records that fail are in the summary. */
export async function lookupFile(client: RingClient, options: BulkOptions): Promise<LookupSummary> {
  const tally = new Tally<Verdict>(['found', 'missing', 'different', 'failed'], 'failed');
  const run = new BulkRun(options, tally);
  const { deadlineMs, signal } = options;
  await run.read((item) => {
    run.enter(item);
    client.get(item.entry.key, { deadlineMs, signal }).then(
      (value) => {
        compare(run, item, value);
        run.leave(item);
      },
      (error: unknown) => {
        run.judge(item, 'failed', error instanceof Error ? error.message : String(error));
        run.leave(item);
      },
    );
  });
  return {
    ...run.figures('failed'),
    found: tally.count('found'),
    missing: tally.count('missing'),
    different: tally.count('different'),
  };
}

function compare(run: BulkRun<Verdict>, item: Item, value: Uint8Array | undefined): void {
  if (value === undefined) run.judge(item, 'missing', 'the ring does not hold it');
  else if (bytesOfBuffer(value) === bytesOfText(item.entry.value)) run.judge(item, 'found');
  else run.judge(item, 'different', 'the ring holds another value');
}
