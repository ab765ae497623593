/** Plans carried out: their operations go into the frames of the turn, and the reply is made when all are answered. */

import type { Bytes } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { error, type Protocol, type Reply } from '../protocol/replies';
import { COMMAND_VALUES_BYTES_MAX } from '../limits';
import { replyTo } from '../commands/fault';
import type { Plan } from '../commands/plan';
import type { Answered } from './frames';

interface Asker {
  ask(operation: Operation, answered: Answered): void;
}

const TOO_MUCH = error(
  `ERR the values are more than ${COMMAND_VALUES_BYTES_MAX} bytes together; ask for fewer at a time`,
);

/**
 * @param atOnce how many operations are under way at a time: the values of many keys might be too much memory
 */
export function carryOut(
  plan: Plan,
  protocol: Protocol,
  asker: Asker,
  atOnce: number,
  done: (reply: Reply) => void,
): void {
  const { operations } = plan;
  if (operations.length === 1)
    return asker.ask(operations[0] as Operation, (result) => done(replyOf(plan, [result], protocol)));
  const results = new Array<OperationResult>(operations.length);
  let next = 0;
  let missing = operations.length;
  let bytes = 0;
  const askNext = (): void => {
    const index = next++;
    asker.ask(operations[index] as Operation, (result) => {
      bytes += sizeOf(result);
      results[index] = bytes <= COMMAND_VALUES_BYTES_MAX ? result : withoutValue(result);
      if (--missing === 0)
        done(bytes <= COMMAND_VALUES_BYTES_MAX ? replyOf(plan, results, protocol) : TOO_MUCH);
      else if (next < operations.length) askNext();
    });
  };
  for (let begun = 0; begun < atOnce && next < operations.length; begun++) askNext();
}

/** It is made within a step of the node, which must not end for an answer that cannot be read. */
function replyOf(plan: Plan, results: readonly OperationResult[], protocol: Protocol): Reply {
  try {
    return plan.reply(results, protocol);
  } catch (fault) {
    return replyTo(fault);
  }
}

function sizeOf(result: OperationResult): number {
  return result.ok ? (result.value?.length ?? 0) : 0;
}

function withoutValue(result: OperationResult): OperationResult {
  return result.ok && result.value !== undefined ? { ok: true, value: '' as Bytes } : result;
}
