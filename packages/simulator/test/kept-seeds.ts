/**
 * Seeds that failed once, with the fault that each of them found. The faults are mended; where the story of a seed
 * has changed since, the seed here is one that finds the fault when it is put back.
 */

import type { FocusName } from '../src';

export interface KeptSeed {
  readonly seed: number;
  readonly focus: FocusName | 'none';
  readonly story: string;
}

export const KEPT_SEEDS: readonly KeptSeed[] = [
  {
    seed: 408,
    focus: 'disks',
    story:
      'a node that lost its disk and was given its old place counted its streams afresh, and was never heard',
  },
  {
    seed: 1,
    focus: 'transfers',
    story: 'the window at the end of a transfer grew before it was encoded, and its last writes came twice',
  },
  {
    seed: 44,
    focus: 'none',
    story: 'a write whose deadline passed in the step that accepted it was answered "not started", and sent',
  },
  {
    seed: 1,
    focus: 'none',
    story: 'streams of followers that a primary had closed were never forgotten',
  },
  {
    seed: 10,
    focus: 'sleep',
    story: 'a lease granted on a message from before the machine slept counted after it',
  },
  {
    seed: 76,
    focus: 'none',
    story: 'the first node of a ring died before it had created the arc, and found no data and no way on',
  },
  {
    seed: 8,
    focus: 'disks',
    story:
      'of the simulator: a machine whose disk was lost claimed its old place with the claim of that disk',
  },
  {
    seed: 373_319_578,
    focus: 'none',
    story: 'of the checker: a ring whose members were all taken for dead was at rest before anybody was back',
  },
  {
    seed: 32,
    focus: 'failing-disks',
    story: 'a spare segment whose name could not be made durable lay between two others, and ended the log',
  },
  {
    seed: 206,
    focus: 'none',
    story:
      'of the simulator: a machine got another disk while the claim on its disk was all that led to the first arc',
  },
  {
    seed: 10,
    focus: 'blackouts',
    story:
      'a primary proposed over and over to yield to a member that had shown a newer log and then lost its disk; nobody could decide',
  },
  {
    seed: 108,
    focus: 'old-disks-late',
    story:
      'a stopped arc was never handed to the node decided for, whose whole copy was in two pieces since it had missed a merge',
  },
  {
    seed: 607696642,
    focus: 'old-disks-late',
    story:
      'a write that its late members knew as prepared only was discarded and said to be, and the judge held it for lost',
  },
  {
    seed: 1053318238,
    focus: 'none',
    story:
      'a member that only asked to leave was not heard in the roll call, and an arc stayed without its primary',
  },
  {
    seed: 20042,
    focus: 'damage',
    story: 'a copy that was asked about damage was sent its transfer before it had started over',
  },
  {
    seed: 1236037228,
    focus: 'none',
    story:
      'a copy answered with what lies between damaged entries, and never came to the one that it had sound',
  },
];
