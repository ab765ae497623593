/** The runs of one connection: which one a command joins, and when it is carried out (key-run.ts). */

import type { Bytes } from '@ringkeep/shared';
import { Turn, type KeyOrder } from '../pipeline/key-order';
import type { Reply } from '../protocol/replies';
import { carryOutRun, KeyRun, type RunCommand } from './key-run';
import type { Asking } from './together';

interface OpenRun {
  readonly key: Bytes;
  readonly run: KeyRun;
  readonly turn: Turn;
}

export class KeyRuns {
  /** By key: the run that may still be joined. */
  private readonly open = new Map<Bytes, OpenRun>();
  /** Their turn has come; what comes in the same read may still join them. */
  private begun: OpenRun[] = [];

  /** @param carryOut of one command alone */
  constructor(
    private readonly order: KeyOrder,
    private readonly asking: Asking,
    private readonly replyTo: (error: unknown) => Reply,
    private readonly carryOut: (command: RunCommand, done: (reply: Reply) => void) => void,
  ) {}

  join(key: Bytes, command: RunCommand): void {
    const last = this.open.get(key);
    if (last && !last.run.isFull && this.order.isLast(last.turn, key)) return last.run.add(command);
    const run = new KeyRun();
    run.add(command);
    const turn: Turn = new Turn([key], () => this.begun.push(opened));
    const opened: OpenRun = { key, run, turn };
    this.open.set(key, opened);
    this.order.enter(turn);
  }

  /** Carries out those whose turn has come. */
  begin(): void {
    while (this.begun.length > 0) {
      const { begun } = this;
      this.begun = [];
      for (const each of begun) this.beginOne(each);
    }
  }

  private beginOne(opened: OpenRun): void {
    const { key, run, turn } = opened;
    if (this.open.get(key) === opened) this.open.delete(key);
    const [only, ...more] = run.commands as [RunCommand, ...RunCommand[]];
    if (more.length === 0)
      return this.carryOut(only, (reply) => {
        only.answer(reply);
        this.order.leave(turn);
      });
    carryOutRun(run, this.asking, (each) => this.alone(each))
      .catch((error: unknown) => run.commands.forEach(({ answer }) => answer(this.replyTo(error))))
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
