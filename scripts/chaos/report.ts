/** The judgement on a chaos run: what was done, with what result, and whether every promise was kept. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkHistory,
  describeFailure,
  failurePage,
  positionFault,
  versionFault,
  writeHistoryFile,
  type HistoryVerdict,
} from '@ringkeep/checker';
import { positionTagOf, type Bytes } from '@ringkeep/shared';
import { longestKeyOutage, longestSilenceMs } from './availability';
import type { ChaosOutcome } from './chaos-run';
import { FAULT_KINDS, type FaultKind } from './faults';
import { missedByScans, scansIn } from './recorded-scans';
import { describeLost, lostWrites } from './lost-writes';

const TROUBLES_SHOWN = 10;
/** A minute or so for a key: counters with many calls of unknown outcome have many orders. */
const STEPS_MAX = 1_000_000_000;

/** Prints it and returns the exit code; what fails is written into the folder, as a history and as a page. */
export async function report(outcome: ChaosOutcome, folder: string): Promise<number> {
  const { history, found, watched, locks } = outcome;
  const versions = versionFault(history);
  const positions = positionFault(history, (key) => positionTagOf(key as Bytes, 'tag'));
  const troubles = [
    ...outcome.troubles,
    ...(versions === undefined ? [] : [`versions of ${versions}`]),
    ...(positions === undefined ? [] : [`transactions: ${positions}`]),
  ];
  const verdict = checkHistory(history, { limits: { stepsMax: STEPS_MAX } });
  const lost = lostWrites(history, found);
  const missed = missedByScans(
    history,
    verdict.failures.map(({ key }) => key),
  );
  const lines = [
    '',
    ...describeOperations(outcome),
    ...describeFaults(outcome),
    ...describeOutages(outcome),
    `ring versions seen: ${outcome.ringVersions}, each with one owner for every position`,
    `verdict on ${verdict.operations.toLocaleString('en')} operations on ${verdict.keys} keys: ${verdict.verdict.replace('-', ' ')}`,
    `scans: ${scansIn(history, history[0]?.key ?? '')}`,
    `keys missed by scans: ${missed.length}`,
    ...missed.slice(0, TROUBLES_SHOWN).map((key) => `  ${key}`),
    `a watcher was told ${watched.events.toLocaleString('en')} events; it was said ${watched.saidToBeLost} times that some of a part of the ring are missing`,
    `events lost or repeated: ${watched.faults.length}`,
    ...watched.faults.slice(0, TROUBLES_SHOWN).map((fault) => `  ${fault}`),
    `locks were acquired ${locks.acquired.toLocaleString('en')} times; two holders of a lock: ${locks.faults.length}`,
    ...locks.faults.slice(0, TROUBLES_SHOWN).map((fault) => `  ${fault}`),
    `acknowledged writes lost: ${lost.length}`,
    ...lost.slice(0, TROUBLES_SHOWN).map((write) => `  ${describeLost(write)}`),
    ...troubles.slice(0, TROUBLES_SHOWN).map((trouble) => `BROKEN: ${trouble}`),
  ];
  console.log(lines.join('\n'));
  const broken = lost.length + troubles.length + watched.faults.length + locks.faults.length;
  const kept = verdict.verdict === 'linearizable' && broken === 0;
  if (!kept) await keep(outcome, verdict, folder);
  console.log(kept ? 'all promises kept' : 'PROMISES BROKEN');
  return kept ? 0 : 1;
}

function describeOperations({ history }: ChaosOutcome): string[] {
  const count = (outcome: string, writes: boolean): string =>
    history
      .filter((operation) => operation.outcome === outcome && (operation.op !== 'get') === writes)
      .length.toLocaleString('en');
  return [
    `operations: ${history.length.toLocaleString('en')}`,
    `  writes: ${count('ok', true)} acknowledged, ${count('fail', true)} not started, ${count('unknown', true)} of unknown outcome`,
    `  reads: ${count('ok', false)} answered, ${count('fail', false)} not`,
  ];
}

function describeFaults({ struck }: ChaosOutcome): string[] {
  const kinds = [...struck].sort(([, a], [, b]) => b - a);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  const row = ([kind, count]: readonly [FaultKind, number]): string => `  ${count} × ${FAULT_KINDS[kind]}`;
  return [`faults: ${total}`, ...kinds.map(row)];
}

function describeOutages({ history, startedMs }: ChaosOutcome): string[] {
  const outage = longestKeyOutage(history);
  const silence = `longest time without any success: ${(longestSilenceMs(history) / 1000).toFixed(1)} s`;
  if (!outage) return [silence];
  const seconds = (outage.forMs / 1000).toFixed(1);
  const from = ((outage.fromMs - startedMs) / 1000).toFixed(1);
  return [`longest unavailability of a key: ${seconds} s (${outage.key}, from ${from} s on)`, silence];
}

async function keep(outcome: ChaosOutcome, verdict: HistoryVerdict, folder: string): Promise<void> {
  await writeHistoryFile(join(folder, 'history.ndjson'), outcome.history);
  if (verdict.failures.length === 0) return;
  console.log(verdict.failures.map(describeFailure).join('\n'));
  await writeFile(join(folder, 'failures.html'), failurePage(verdict.failures));
}
