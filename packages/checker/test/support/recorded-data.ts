/** Where data recorded from other systems lies, when it does: beside the project, or at $RINGKEEP_DATA. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Defines tests over a folder of recorded data, or says that it skips them. */
export function describeRecorded(title: string, folder: string, define: (path: string) => void): void {
  const data = process.env.RINGKEEP_DATA ?? resolve(__dirname, '../../../../../shared/data');
  const path = join(data, folder);
  if (existsSync(path)) {
    describe(title, () => define(path));
    return;
  }
  process.stderr.write(`SKIPPED: ${title}: there is no ${path}; set RINGKEEP_DATA\n`);
  test.skip(`${title}: SKIPPED, there is no ${path}`, () => undefined);
}
