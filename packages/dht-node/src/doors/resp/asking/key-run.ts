/**
 * Commands of one connection that follow each other on one key, carried out together: otherwise each would wait for the
 * answer of the one before it, and a pipeline of a hundred INCRs would be a hundred rounds.
 *
 * Reads that are alike are one read: it is carried out after all of them were asked and before any is answered. With
 * writes among them they are a transaction (together.ts). Where a transaction of so many is too large they are carried
 * out one by one.
 */

import type { Bytes } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { encodeExtras } from '@ringkeep/shared/operations';
import { isLookUp, operandBytes } from '@ringkeep/shared/operations/operation';
import type { Plan } from '../commands/plan';
import { Turn } from '../pipeline/key-order';
import type { Protocol, Reply } from '../protocol/replies';
import type { Answered } from './frames';
import { together, type Asking } from './together';

/** Commands of one run, and bytes that they bring; more begin another one. */
export const RUN_COMMANDS_MAX = 64;
export const RUN_BYTES_MAX = 256 * 1024;

export interface RunCommand {
  readonly plan: Plan;
  readonly protocol: Protocol;
  /** Of its reply. */
  readonly place: number;
}

/** Whoever carries out the runs of a connection. */
export interface RunOwner {
  /** Its turn has come. */
  begun(run: KeyRun): void;
  /** The only operation of its only command is answered. */
  answeredOne(run: KeyRun, result: OperationResult): void;
}

/** It is its first command as well: most runs are of one, and the data path makes one object of it. */
export class KeyRun extends Turn implements RunCommand, Answered {
  private more: RunCommand[] | undefined = undefined;
  private bytes = 0;
  private isClosed = false;

  constructor(
    readonly key: Bytes,
    readonly plan: Plan,
    readonly protocol: Protocol,
    readonly place: number,
    private readonly owner: RunOwner,
  ) {
    super();
  }

  get length(): number {
    return 1 + (this.more?.length ?? 0);
  }

  /** In order. */
  get all(): readonly RunCommand[] {
    return [this, ...(this.more ?? [])];
  }

  /** Another one may join it. */
  get isOpen(): boolean {
    if (this.isClosed) return false;
    if (this.more === undefined) this.bytes = bytesOf(this.plan);
    return this.length < RUN_COMMANDS_MAX && this.bytes < RUN_BYTES_MAX;
  }

  add(command: RunCommand): void {
    (this.more ??= []).push(command);
    this.bytes += bytesOf(command.plan);
  }

  begin(): void {
    this.owner.begun(this);
  }

  /** It is carried out. */
  close(): void {
    this.isClosed = true;
  }

  answered(result: OperationResult): void {
    this.owner.answeredOne(this, result);
  }
}

function bytesOf({ operations }: Plan): number {
  let bytes = 0;
  for (const operation of operations) bytes += operandBytes(operation);
  return bytes;
}

type Answer = (command: RunCommand, reply: Reply) => void;

/** Answers each. */
export async function carryOutRun(
  run: KeyRun,
  asking: Asking,
  answer: Answer,
  oneByOne: (command: RunCommand) => Promise<void>,
): Promise<void> {
  const commands = run.all;
  if (areAlike(commands)) {
    const result = await asking.ask(run.plan.operations[0] as Operation);
    for (const command of commands) answer(command, command.plan.reply([result], command.protocol));
    return;
  }
  const { protocol } = run;
  const isOfOne = commands.every((command) => command.protocol === protocol);
  if (isOfOne) {
    const plans = commands.map(({ plan }) => plan);
    const outcome = await together(plans, [], asking, protocol);
    if (outcome.kind === 'done')
      return commands.forEach((command, index) => answer(command, outcome.replies[index] as Reply));
    if (outcome.kind === 'failed' && !outcome.isTooLarge)
      return commands.forEach((command) => answer(command, outcome.reply));
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
