/** Plans carried out: their operations go into the frames of the turn, and the reply is made when all are answered. */

import type { Bytes } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { error, type Protocol, type Reply } from '../protocol/replies';
import { COMMAND_VALUES_BYTES_MAX } from '../limits';
import { replyTo } from '../commands/fault';
import { SinglePlan, type Plan } from '../commands/plan';
import type { Answered } from './frames';

export interface Asker {
  ask(operation: Operation, answered: Answered, index?: number): void;
}

type Done = (reply: Reply) => void;

const TOO_MUCH = error(
  `ERR the values are more than ${COMMAND_VALUES_BYTES_MAX} bytes together; ask for fewer at a time`,
);

/**
 * @param atOnce how many operations are under way at a time: the values of many keys might be too much memory
 */
export function carryOut(plan: Plan, protocol: Protocol, asker: Asker, atOnce: number, done: Done): void {
  if (plan instanceof SinglePlan)
    return asker.ask(plan.operation, { answered: (result) => done(replyOfOne(plan, result, protocol)) });
  new SeveralUnderWay(plan, protocol, asker, done).begin(atOnce);
}

/** The operations of one plan; as one is answered the next one is asked. */
class SeveralUnderWay implements Answered {
  private readonly results: OperationResult[];
  private next = 0;
  private missing: number;
  private bytes = 0;

  constructor(
    private readonly plan: Plan,
    private readonly protocol: Protocol,
    private readonly asker: Asker,
    private readonly done: Done,
  ) {
    this.missing = plan.operations.length;
    this.results = new Array<OperationResult>(this.missing);
  }

  begin(atOnce: number): void {
    const { length } = this.plan.operations;
    while (this.next < Math.min(atOnce, length)) this.askNext();
  }

  answered(result: OperationResult, index: number): void {
    this.bytes += sizeOf(result);
    this.results[index] = this.bytes <= COMMAND_VALUES_BYTES_MAX ? result : withoutValue(result);
    if (--this.missing === 0) this.done(this.reply());
    else if (this.next < this.results.length) this.askNext();
  }

  private askNext(): void {
    const index = this.next++;
    this.asker.ask(this.plan.operations[index] as Operation, this, index);
  }

  /** It is made within a step of the node, which must not end for an answer that cannot be read. */
  private reply(): Reply {
    if (this.bytes > COMMAND_VALUES_BYTES_MAX) return TOO_MUCH;
    try {
      return this.plan.reply(this.results, this.protocol);
    } catch (fault) {
      return replyTo(fault);
    }
  }
}

/** The same of a plan of one operation. */
export function replyOfOne(plan: SinglePlan, result: OperationResult, protocol: Protocol): Reply {
  try {
    return plan.replyOf(result, protocol);
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
