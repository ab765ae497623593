/** Operations as callers see them: at the doors. */

import { nameOf } from '@ringkeep/shared/operations/catalogue';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import type { Instruments } from '@ringkeep/process/meter';
import type { AnsweredOperations, NodeObserver } from '../node-observer';

export function operationMeter(of: Instruments): NodeObserver {
  const operations = of.counter(
    'operations',
    ['door', 'forwarded', 'operation', 'outcome'],
    'Operations answered here; forwarded: by another node to this one.',
  );
  const seconds = of.seconds(
    'operation',
    ['door', 'forwarded', 'operation'],
    'From an operation to its answer.',
  );
  const bytes = of.counter(
    'operation_bytes',
    ['door', 'direction'],
    'Keys and operands that came, and what was answered: values, and versions where they were asked for.',
  );
  const notAdmitted = of.counter(
    'operations_not_admitted',
    ['door', 'reason'],
    'Those of them of which nothing was begun.',
  );
  const abandoned = of.counter(
    'operations_abandoned',
    ['door'],
    'Operations whose caller waited no longer: they were not answered.',
  );
  const malformed = of.counter(
    'operations_malformed',
    ['door', 'code'],
    'Operations refused as none, before they were asked.',
  );
  const slowReaders = of.counter('slow_readers', ['door'], 'Times that a caller left its answers unread.');
  const callersRefused = of.counter('callers_refused', ['door'], 'Callers and calls refused unread.');

  return {
    answered: ({ door, hops, durationMs, refusal, requestBytes, ...answered }) => {
      const forwarded = hops > 0 ? 'yes' : 'no';
      forEachRun(answered, (times, operation, outcome) => {
        operations.add(times, door, forwarded, operation, outcome);
        seconds.record(durationMs / 1_000, times, door, forwarded, operation);
      });
      bytes.add(requestBytes, door, 'in');
      bytes.add(valueBytes(answered.results), door, 'out');
      if (refusal !== undefined) notAdmitted.add(answered.operations.length, door, refusal);
    },
    abandoned: ({ door, operations: count }) => abandoned.add(count, door),
    malformed: ({ door, operations: count, code }) => malformed.add(count, door, code),
    slowReader: ({ door }) => slowReaders.add(1, door),
    callerRefused: ({ door }) => callersRefused.add(1, door),
  };
}

/** Most frames are of one kind and succeed. They are counted as one run, at the cost of one operation. */
function forEachRun(
  { operations, results }: Pick<AnsweredOperations, 'operations' | 'results'>,
  count: (times: number, operation: string, outcome: string) => void,
): void {
  let from = 0;
  for (let index = 1; index <= operations.length; index++) {
    const { type } = operations[from] as Operation;
    const outcome = outcomeOf(results[from]);
    if (operations[index]?.type === type && outcomeOf(results[index]) === outcome) continue;
    count(index - from, nameOf(type), outcome);
    from = index;
  }
}

function outcomeOf(result: OperationResult | undefined): string {
  return result === undefined || result.ok ? 'ok' : result.code;
}

function valueBytes(results: readonly OperationResult[]): number {
  let bytes = 0;
  for (const result of results) if (result.ok && result.value !== undefined) bytes += result.value.length;
  return bytes;
}
