/**
 * What a ring does with four times the load that it can bear: its goodput relative to that at its capacity, how soon
 * the rest is refused, and whether every acknowledged write is there afterwards.
 *
 * The capacity is what a closed loop reaches. Then an open loop offers once and four times as much, in turns. The
 * client does not retry what was refused.
 *
 * Values have 4 KiB. Such a write costs the nodes so much more than a refused one costs the generator that the
 * generator can offer four times as much from the same machine. With values of 100 bytes it could not.
 */

import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { createProgress } from '@ringkeep/process/command-line';
import type { Pace } from '../contest';
import type { VerifiedSample } from '../load/generator-protocol';
import { newHistogram } from '../load/recorder';
import { count, milliseconds } from '../report/figure-table';
import { spreadOf } from '../report/spread';
import { withRing } from '../systems/with-ring';
import { plainWorkload } from '../workloads';
import type { Ratio } from './ratio';

const TIMES = 4;
const GOODPUT_LEAST = 0.8;
const REFUSED_WITHIN_MS = 100;
/** What a generator has to offer for the verdict to count, of what it was told. */
const OFFERED_LEAST = 0.9;
const REFUSED_PERCENTILE = 99.9;
const VALUE_BYTES = 4_096;
/** With more, answers take longer and are no more. */
const CAPACITY_CONCURRENCY = 256;
const CAPACITY_KEYS = 20_000;
const NODES = 3;
const COPIES = 3;

export async function overloadRatios(pace: Pace, abort: AbortSignal): Promise<Ratio[]> {
  return withRing(
    { nodes: NODES, copies: COPIES, storage: 'disk', way: 'impatient' },
    async (system, generator) => {
      const progress = createProgress({ label: 'overload', unit: 'runs', total: 1 + 2 * pace.rounds });
      const run = { ...pace, serverPids: system.pids };
      const capacity = await generator.run({
        ...run,
        workload: plainWorkload('set', { valueBytes: VALUE_BYTES, keys: CAPACITY_KEYS }),
        loop: { kind: 'closed', concurrency: CAPACITY_CONCURRENCY },
        seed: 1,
      });
      progress.update(1);
      const perSecond = capacity.completed / capacity.seconds;
      const once: VerifiedSample[] = [];
      const overloaded: VerifiedSample[] = [];
      for (let round = 0; round < pace.rounds; round++) {
        for (const [times, samples] of [[1, once] as const, [TIMES, overloaded] as const]) {
          abort.throwIfAborted();
          // Keys of their own for each run, so that a lost write cannot hide behind an older one.
          const name = `${round}${times}`;
          const sample = await generator.runAndVerify({
            ...run,
            workload: plainWorkload('insert', {
              name,
              valueBytes: VALUE_BYTES,
              keys: 1,
              keyPrefix: `${name}-`,
            }),
            loop: { kind: 'open', ratePerSecond: times * perSecond },
            seed: round + 1,
          });
          samples.push(sample);
          progress.update(1 + 2 * round + (times === 1 ? 1 : 2));
        }
      }
      progress.finish();
      return judged(perSecond, once, overloaded);
    },
  );
}

function judged(
  capacity: number,
  once: readonly VerifiedSample[],
  overloaded: readonly VerifiedSample[],
): Ratio[] {
  const goodput = (samples: readonly VerifiedSample[]): number =>
    spreadOf(samples.map(({ completed, seconds }) => completed / seconds)).median;
  const share = goodput(overloaded) / goodput(once);
  const offered = spreadOf(overloaded.map(({ issued, seconds }) => issued / seconds)).median;
  const reached = offered >= OFFERED_LEAST * TIMES * capacity;
  const refusals = merged(overloaded.map(({ failureLatencies }) => failureLatencies));
  const answers = merged(overloaded.map(({ latencies }) => latencies));
  const refusedMs = refusals.getValueAtPercentile(REFUSED_PERCENTILE) / 1_000;
  const codes = [...new Set(overloaded.flatMap(({ failures }) => Object.keys(failures)))];
  const acknowledged = [...once, ...overloaded].reduce((sum, sample) => sum + sample.acknowledged, 0);
  const lost = [...once, ...overloaded].reduce((sum, sample) => sum + sample.lost, 0);
  const work = `overload: ${TIMES}× what the ring can do, open loop, durable SET of ${VALUE_BYTES / 1_024} KiB, ${NODES} nodes, R = ${COPIES}`;
  return [
    {
      work,
      against: 'goodput at 1×',
      floor: `≥ ${GOODPUT_LEAST}`,
      measured: share.toFixed(2),
      behind: `capacity ${count(capacity)}/s; goodput ${count(goodput(once))}/s at 1×, ${count(goodput(overloaded))}/s at ${TIMES}×, where ${count(offered)}/s were offered and answers took ${milliseconds(answers.getValueAtPercentile(50) / 1_000)} ms (p50), ${milliseconds(answers.getValueAtPercentile(99) / 1_000)} ms (p99)${reached ? '' : ': the generator could not do more'}`,
      met: reached ? share >= GOODPUT_LEAST : undefined,
    },
    {
      work,
      against: 'the rest is refused',
      floor: `≤ ${REFUSED_WITHIN_MS} ms`,
      measured: `${milliseconds(refusedMs)} ms (p${REFUSED_PERCENTILE})`,
      behind: `${count(refusals.totalCount)} refused (${codes.join(', ')}), the slowest after ${milliseconds(refusals.maxValue / 1_000)} ms`,
      met: reached ? refusedMs <= REFUSED_WITHIN_MS : undefined,
    },
    {
      work,
      against: 'acknowledged and lost',
      floor: '0',
      measured: count(lost),
      behind: `${count(acknowledged)} acknowledged, each read back`,
      met: lost === 0,
    },
  ];
}

function merged(histograms: readonly string[]): Histogram {
  const all = newHistogram();
  for (const each of histograms) all.add(decodeFromCompressedBase64(each));
  return all;
}
