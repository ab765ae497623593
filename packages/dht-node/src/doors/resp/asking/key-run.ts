/**
 * Commands of one connection that follow each other on one key, carried out together: otherwise each would wait for the
 * answer of the one before it, and a pipeline of a hundred INCRs would be a hundred rounds.
 *
 * Reads that are alike are one read: it is carried out after all of them were asked and before any is answered. With
 * writes among them they are a transaction (together.ts). Where a transaction of so many is too large they are carried
 * out one by one.
 */

import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { encodeExtras } from '@ringkeep/shared/operations';
import { isLookUp, operandBytes } from '@ringkeep/shared/operations/operation';
import type { Plan } from '../commands/plan';
import type { Protocol, Reply } from '../protocol/replies';
import { together, type Asking } from './together';

/** Commands of one run, and bytes that they bring; more begin another one. */
export const RUN_COMMANDS_MAX = 64;
export const RUN_BYTES_MAX = 256 * 1024;

export interface RunCommand {
  readonly plan: Plan;
  readonly protocol: Protocol;
  readonly answer: (reply: Reply) => void;
}

export class KeyRun {
  /** Most runs are of one command. */
  private more: RunCommand[] | undefined;
  private bytes = 0;
  private isClosed = false;

  constructor(readonly first: RunCommand) {
    this.count(first);
  }

  get length(): number {
    return 1 + (this.more?.length ?? 0);
  }

  /** In order. */
  get all(): readonly RunCommand[] {
    return [this.first, ...(this.more ?? [])];
  }

  /** Another one may join it. */
  get isOpen(): boolean {
    return !this.isClosed && this.length < RUN_COMMANDS_MAX && this.bytes < RUN_BYTES_MAX;
  }

  add(command: RunCommand): void {
    (this.more ??= []).push(command);
    this.count(command);
  }

  /** It is carried out. */
  close(): void {
    this.isClosed = true;
  }

  private count({ plan }: RunCommand): void {
    for (const operation of plan.operations) this.bytes += operandBytes(operation);
  }
}

/** Answers each. */
export async function carryOutRun(
  run: KeyRun,
  asking: Asking,
  oneByOne: (command: RunCommand) => Promise<void>,
): Promise<void> {
  const commands = run.all;
  if (areAlike(commands)) {
    const [{ plan }] = commands as [RunCommand];
    const result = await asking.ask(plan.operations[0] as Operation);
    return answerAll(commands, result);
  }
  const protocol = (commands[0] as RunCommand).protocol;
  const isOfOne = commands.every((command) => command.protocol === protocol);
  if (isOfOne) {
    const plans = commands.map(({ plan }) => plan);
    const outcome = await together(plans, [], asking, protocol);
    if (outcome.kind === 'done')
      return commands.forEach(({ answer }, index) => answer(outcome.replies[index] as Reply));
    if (outcome.kind === 'failed' && !outcome.isTooLarge)
      return commands.forEach(({ answer }) => answer(outcome.reply));
  }
  for (const command of commands) await oneByOne(command);
}

/** The same read of the same key. */
export function areAlike(commands: readonly RunCommand[]): boolean {
  const [first] = commands;
  const read = first?.plan.operations[0];
  if (read === undefined || !isLookUp(read)) return false;
  const asked = read.extras && encodeExtras(read.extras);
  return commands.every(({ plan: { operations } }) => {
    const [each] = operations;
    if (each === undefined || operations.length > 1 || !isLookUp(each)) return false;
    return (each.extras && encodeExtras(each.extras)) === asked;
  });
}

function answerAll(commands: readonly RunCommand[], result: OperationResult): void {
  for (const { plan, protocol, answer } of commands) answer(plan.reply([result], protocol));
}
