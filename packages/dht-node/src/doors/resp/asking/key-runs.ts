/** The runs of one connection: which one a command joins, and when it is carried out (key-run.ts). */

import type { Bytes } from '@ringkeep/shared';
import { Turn, type KeyOrder } from '../pipeline/key-order';
import type { Reply } from '../protocol/replies';
import { carryOutRun, KeyRun, type RunCommand } from './key-run';
import type { Asking } from './together';

/** A run's place in the order. */
class RunTurn extends Turn {
  constructor(
    key: Bytes,
    readonly run: KeyRun,
    begun: RunTurn[],
  ) {
    super([key], () => begun.push(this));
  }
}

export class KeyRuns {
  /** Their turn has come; what comes in the same read may still join them. */
  private readonly begun: RunTurn[] = [];

  /** @param carryOut of one command alone */
  constructor(
    private readonly order: KeyOrder,
    private readonly asking: Asking,
    private readonly replyTo: (error: unknown) => Reply,
    private readonly carryOut: (command: RunCommand, done: (reply: Reply) => void) => void,
  ) {}

  join(key: Bytes, command: RunCommand): void {
    const last = this.order.lastOn(key);
    if (last instanceof RunTurn && last.run.isOpen) return last.run.add(command);
    this.order.enter(new RunTurn(key, new KeyRun(command), this.begun));
  }

  /** Carries out those whose turn has come. */
  begin(): void {
    // What is answered at once may let others begin.
    for (let next = 0; next < this.begun.length; next++) this.beginOne(this.begun[next] as RunTurn);
    this.begun.length = 0;
  }

  private beginOne(turn: RunTurn): void {
    const { run } = turn;
    run.close();
    if (run.length === 1)
      return this.carryOut(run.first, (reply) => {
        run.first.answer(reply);
        this.order.leave(turn);
      });
    carryOutRun(run, this.asking, (each) => this.alone(each))
      .catch((error: unknown) => run.all.forEach(({ answer }) => answer(this.replyTo(error))))
      .finally(() => this.order.leave(turn))
      .catch(rethrow);
  }

  private alone(command: RunCommand): Promise<void> {
    return new Promise((resolve) =>
      this.carryOut(command, (reply) => {
        command.answer(reply);
        resolve();
      }),
    );
  }
}

/** A fault of this program, which nobody can be told in place of a reply. */
function rethrow(error: unknown): never {
  throw error;
}
