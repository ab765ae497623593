/** The runs of one connection: which one a command joins, and when it is carried out (key-run.ts). */

import type { Bytes } from '@ringkeep/shared';
import type { OperationResult } from '@ringkeep/shared/operations';
import { replyTo } from '../commands/fault';
import { SinglePlan, type Plan } from '../commands/plan';
import type { KeyOrder } from '../pipeline/key-order';
import type { ReplyQueue } from '../pipeline/reply-queue';
import type { Protocol, Reply } from '../protocol/replies';
import { carryOutRun, KeyRun, type RunCommand, type RunOwner } from './key-run';
import { replyOfOne, type Asker } from './plans';
import type { Asking } from './together';

/** What carries out the commands of a run, together or alone. */
interface RunTools {
  readonly frames: Asker;
  readonly asking: Asking;
  carryOut(plan: Plan, protocol: Protocol, done: (reply: Reply) => void): void;
}

export class KeyRuns implements RunOwner {
  /** Their turn has come; what comes in the same read may still join them. */
  private readonly waiting: KeyRun[] = [];

  constructor(
    private readonly order: KeyOrder,
    private readonly replies: ReplyQueue,
    private readonly tools: RunTools,
  ) {}

  join(key: Bytes, plan: Plan, protocol: Protocol, place: number): void {
    const last = this.order.lastOn(key);
    if (last instanceof KeyRun && last.isOpen) return last.add({ plan, protocol, place });
    this.order.enterBehind(last, new KeyRun(key, plan, protocol, place, this), key);
  }

  begun(run: KeyRun): void {
    this.waiting.push(run);
  }

  /** Carries out those whose turn has come. */
  begin(): void {
    const { waiting } = this;
    // What is answered at once may let others begin.
    for (let next = 0; next < waiting.length; next++) this.beginOne(waiting[next] as KeyRun);
    waiting.length = 0;
  }

  private beginOne(run: KeyRun): void {
    run.close();
    if (run.length > 1) return this.beginSeveral(run);
    const { plan, protocol } = run;
    if (plan instanceof SinglePlan) return this.tools.frames.ask(plan.operation, run);
    this.tools.carryOut(plan, protocol, (reply) => this.answeredWith(run, reply));
  }

  answeredOne(run: KeyRun, result: OperationResult): void {
    this.answeredWith(run, replyOfOne(run.plan as SinglePlan, result, run.protocol));
  }

  private answeredWith(run: KeyRun, reply: Reply): void {
    this.replies.fill(run.place, reply);
    this.order.leaveKey(run, run.key);
  }

  private beginSeveral(run: KeyRun): void {
    const answer = ({ place }: RunCommand, reply: Reply): void => this.replies.fill(place, reply);
    carryOutRun(run, this.tools.asking, answer, (each) => this.alone(each))
      .catch((error: unknown) => run.all.forEach((each) => answer(each, replyTo(error))))
      .finally(() => this.order.leaveKey(run, run.key))
      .catch(rethrow);
  }

  private alone({ plan, protocol, place }: RunCommand): Promise<void> {
    return new Promise((resolve) =>
      this.tools.carryOut(plan, protocol, (reply) => {
        this.replies.fill(place, reply);
        resolve();
      }),
    );
  }
}

/** A fault of this program, which nobody can be told in place of a reply. */
function rethrow(error: unknown): never {
  throw error;
}
