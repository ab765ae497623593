/**
 * What becomes of each command of a connection: refused, kept for EXEC, answered at once, or asked of the ring when the
 * commands before it on the same keys are answered. Replies go out in the order of the commands, whichever are known
 * first.
 */

import type { Bytes } from '@ringkeep/shared';
import type { KeyTerms } from '@ringkeep/shared/operations';
import { OperationType } from '@ringkeep/shared/operations/catalogue';
import { carryOut } from './asking/plans';
import type { Frames } from './asking/frames';
import { KeyRuns } from './asking/key-runs';
import { together, type Asking } from './asking/together';
import {
  acceptsCount,
  keysIn,
  keySpecOf,
  type Arguments,
  type Command,
  type DataCommand,
} from './commands/command';
import type { ControlName } from './commands/control-commands';
import { fault, guarded, replyTo, wrongArity } from './commands/fault';
import { SinglePlan, type Plan, type Prepared } from './commands/plan';
import { commandNamed, unknownCommand } from './commands/table';
import type { Keyspace } from './keyspace/keyspace';
import { KeyOrder, Turn, type OnKeys } from './pipeline/key-order';
import { ReplyQueue } from './pipeline/reply-queue';
import { OK, simple, type Protocol, type Reply } from './protocol/replies';
import type { Session } from './session';
import { Transactions } from './transactions';
import type { Listening } from './listening';

/** What all connections share. */
export interface DispatcherTools {
  readonly frames: Frames;
  readonly keyspace: Keyspace;
  /** What the ring says of its keys, as of now. */
  terms(): KeyTerms;
  /** The ring's time, ms. */
  wallMs(): number;
}

/** What a connection does for its commands. */
export interface DispatcherOwner {
  /** A reply may be sent. */
  replied(bytes: number): void;
  /** Nothing more is taken; it ends when everything is answered. */
  quit(): void;
  /** It speaks another protocol: nothing more is taken, and it ends now. */
  abandon(): void;
  /** How many operations of one command may be under way. */
  readonly operationsAtOnce: number;
}

const LISTENERS = new Set([
  'subscribe',
  'psubscribe',
  'unsubscribe',
  'punsubscribe',
  'ping',
  'quit',
  'reset',
]);
/** Those that are not kept for EXEC. */
const AT_ONCE = new Set(['multi', 'exec', 'discard', 'watch', 'quit', 'reset']);
const NOT_IN_TRANSACTION = fault('ERR Command not allowed inside a transaction');

/** A browser that was led here, or somebody who uses one: nothing that follows is a command. */
const OF_HTTP = new Set(['post', 'host:']);

type Answer = (reply: Reply) => void;

/** A place in the order of what is no run of one key. */
class ActionTurn extends Turn {
  constructor(private readonly action: () => void) {
    super();
  }

  begin(): void {
    this.action();
  }
}

export class Dispatcher {
  readonly replies: ReplyQueue;
  private readonly order: KeyOrder;
  private readonly transactions: Transactions;
  private readonly runs: KeyRuns;

  constructor(
    private readonly session: Session,
    private readonly tools: DispatcherTools,
    private readonly owner: DispatcherOwner,
    private readonly listening: Listening,
    /** Off only in a test that shows why it is on. */
    private readonly isOrdered = true,
  ) {
    this.replies = new ReplyQueue((bytes) => owner.replied(bytes));
    this.order = new KeyOrder(isOrdered);
    this.transactions = new Transactions(session, this.asking);
    this.runs = new KeyRuns(this.order, this.replies, {
      frames: tools.frames,
      asking: this.asking,
      carryOut: (plan, protocol, done) => this.carryOut(plan, protocol, done),
    });
  }

  /** Begins what has had its turn since, with all that has joined it. */
  begin(): void {
    this.runs.begin();
  }

  receive(args: Arguments): void {
    const { session } = this;
    const command = commandNamed(args[0] as Bytes);
    if (command === undefined) return this.unknown(args);
    const place = this.replies.open();
    if (!acceptsCount(command, args.length)) return this.refuse(wrongArity(command.name).reply, place);
    session.lastCommand = command.name;
    if (session.onlyListens && !LISTENERS.has(command.name))
      return this.refuse(onlyListens(args[0] as Bytes), place);
    if (session.transaction === undefined) return this.start(command, args, place);
    if (AT_ONCE.has(command.name)) return this.start(command, args, place);
    if (command.flags.includes('no_multi')) return this.refuse(NOT_IN_TRANSACTION.reply, place);
    this.replies.fill(place, this.transactions.queue(command, args));
  }

  private unknown(args: Arguments): void {
    if (OF_HTTP.has((args[0] as Bytes).toLowerCase())) return this.owner.abandon();
    this.refuse(unknownCommand(args), this.replies.open());
  }

  private answerAt(place: number): Answer {
    return (reply) => this.replies.fill(place, reply);
  }

  private refuse(reply: Reply, place: number): void {
    if (this.session.transaction) this.session.transaction.broken = true;
    this.replies.fill(place, reply);
  }

  private start(command: Command, args: Arguments, place: number): void {
    switch (command.kind) {
      case 'data':
        return this.startData(command, args, place);
      case 'session':
        return this.replies.fill(
          place,
          guarded(() => command.run(args, this.session)),
        );
      case 'keyspace':
        return this.inTurn('all', this.answerAt(place), (done) => {
          command
            .run(args, this.tools.keyspace, this.session)
            .then(done, (error: unknown) => done(replyTo(error)));
        });
      case 'control':
        return this.control(command.name as ControlName, args, this.answerAt(place));
    }
  }

  // ---- on keys ----

  private startData(command: DataCommand, args: Arguments, place: number): void {
    let prepared: Prepared;
    try {
      prepared = command.prepare(args, this.tools.terms());
    } catch (refusal) {
      return this.replies.fill(place, replyTo(refusal));
    }
    const { protocol } = this.session;
    if (this.isOrdered && prepared.kind === 'plan' && isOfOneKey(prepared))
      return this.runs.join(args[command.keys[0]] as Bytes, prepared, protocol, place);
    this.inTurn(keysIn(command.keys, args), this.answerAt(place), (done) =>
      this.carryOut(prepared, protocol, done),
    );
  }

  private carryOut(prepared: Prepared, protocol: Protocol, done: Answer): void {
    if (prepared.kind === 'plan' && !prepared.together)
      return carryOut(prepared, protocol, this.tools.frames, this.owner.operationsAtOnce, done);
    together([prepared], [], this.asking, protocol).then(
      (outcome) =>
        done(
          outcome.kind === 'done'
            ? (outcome.replies[0] as Reply)
            : this.transactions.failed(outcome, protocol),
        ),
      (error: unknown) => done(replyTo(error)),
    );
  }

  /** When what came before on the same keys is answered. */
  private inTurn(on: OnKeys, answer: Answer, begin: (done: Answer) => void): void {
    const turn: Turn = new ActionTurn(() =>
      begin((reply) => {
        answer(reply);
        this.order.leave(turn, on);
      }),
    );
    this.order.enter(turn, on);
  }

  private readonly asking: Asking = asAsking(() => this.tools);

  // ---- on the connection ----

  private control(name: ControlName, args: Arguments, answer: Answer): void {
    const { session, transactions } = this;
    switch (name) {
      case 'multi':
        return answer(transactions.begin());
      case 'discard':
        return answer(transactions.discard());
      case 'unwatch':
        return answer(transactions.unwatch());
      case 'watch':
        return this.watch(args.slice(1), answer);
      case 'exec':
        return this.execute(answer);
      case 'quit':
        answer(OK);
        return this.owner.quit();
      case 'reset':
        this.listening.endAll();
        session.reset();
        return answer(simple('RESET'));
      case 'subscribe':
      case 'psubscribe':
        return this.listening.begin(name, args.slice(1), answer);
      case 'unsubscribe':
      case 'punsubscribe':
        return answer(this.listening.end(name, args.slice(1)));
    }
  }

  private watch(keys: readonly Bytes[], answer: Answer): void {
    const begin = this.transactions.watch(keys);
    if (begin.refusal !== undefined) return answer(begin.refusal);
    this.inTurn(
      keys,
      answer,
      (done) => void begin.read().then(done, (error: unknown) => done(replyTo(error))),
    );
  }

  private execute(answer: Answer): void {
    const { protocol } = this.session;
    const taken = this.transactions.take();
    if (!('queued' in taken)) return answer(taken.refusal);
    const keys = taken.queued.flatMap(({ command, args }) => keysIn(keySpecOf(command), args));
    const on = [...new Set([...keys, ...taken.watched.keys()])];
    this.inTurn(
      on,
      answer,
      (done) =>
        void this.transactions
          .execute(taken, protocol, this.tools.terms())
          .then(done, (error: unknown) => done(replyTo(error))),
    );
  }
}

/** Not of pages: they are no part of a transaction. */
function isOfOneKey(plan: Plan): boolean {
  if (plan instanceof SinglePlan) return plan.operation.type !== OperationType.scan;
  const { operations } = plan;
  const [first] = operations;
  return (
    first !== undefined &&
    operations.every(({ type, key }) => key === first.key && type !== OperationType.scan)
  );
}

function asAsking(tools: () => DispatcherTools): Asking {
  return {
    get terms() {
      return tools().terms();
    },
    get wallMs() {
      return tools().wallMs();
    },
    ask: (operation) => tools().frames.resultOf(operation),
  };
}

function onlyListens(name: Bytes): Reply {
  return fault(
    `ERR Can't execute '${name.toLowerCase()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
      'are allowed in this context',
  ).reply;
}
