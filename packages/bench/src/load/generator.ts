/**
 * A load generator: a process of its own, so that its CPU time is exactly the client's. It holds one target and answers
 * the questions of the process that forked it (generator-process.ts), one after another.
 */

import type { Target } from '../targets/target';
import { openTarget } from '../targets/open-target';
import { countAbsent, writeAll } from './bulk';
import type { GeneratorAnswer, GeneratorQuestion, RunSpec, VerifiedSample } from './generator-protocol';
import { measuredRun } from './measured-run';
import { readingAll } from './reading-all';
import { catchUp, watchedFrom, Watches } from './watching';
import { Workload } from './workload';

let opened: Target | undefined;
let watches: Watches | undefined;

async function answer(question: GeneratorQuestion): Promise<unknown> {
  if (question.ask === 'open') {
    opened = await openTarget(question.target);
    return undefined;
  }
  const target = opened;
  if (!target) throw new Error('no target is open');
  switch (question.ask) {
    case 'load':
      return writeAll(target, new Workload(question.workload, 1), tell);
    case 'run':
      return measuredRun(target, question.run);
    case 'run-and-verify':
      return runAndVerify(target, question.run);
    case 'read-all':
      return readingAll(target, question.run);
    case 'watch':
      watches = await Watches.start(target, question.prefixes);
      return undefined;
    case 'count-events':
      return watches?.count();
    case 'end-watches':
      return watches?.stop();
    case 'watched-from':
      return watchedFrom(target);
    case 'catch-up':
      return catchUp(target, question.since, question.events);
    case 'close':
      return target.close();
  }
}

async function runAndVerify(target: Target, run: RunSpec): Promise<VerifiedSample> {
  const acknowledged: string[] = [];
  const sample = await measuredRun(target, run, { onDone: (key) => acknowledged.push(key) });
  const lost = await countAbsent(target, acknowledged, tell);
  return { ...sample, acknowledged: acknowledged.length, lost };
}

function tell(done: number): void {
  process.send?.({ progress: done });
}

process.on('message', ({ id, question }: { id: number; question: GeneratorQuestion }) => {
  answer(question).then(
    (given) => process.send?.({ id, ok: true, answer: given } satisfies GeneratorAnswer),
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      process.send?.({ id, ok: false, error: text } satisfies GeneratorAnswer);
    },
  );
});

// Whoever forked it is gone, were it by SIGKILL. Ctrl-C is for that process, which then closes this one in order.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined);
