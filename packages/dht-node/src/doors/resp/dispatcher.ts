/**
 * What becomes of each command of a connection: refused, kept for EXEC, answered at once, or asked of the ring when the
 * commands before it on the same keys are answered. Replies go out in the order of the commands, whichever are known
 * first.
 */

import type { Bytes } from '@ringkeep/shared';
import { OperationType, type KeyTerms, type Operation } from '@ringkeep/shared/operations';
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
import type { Plan, Prepared } from './commands/plan';
import { commandNamed, unknownCommand } from './commands/table';
import type { Keyspace } from './keyspace/keyspace';
import { KeyOrder, Turn, type OnKeys } from './pipeline/key-order';
import { ReplyQueue, type ReplyPlace } from './pipeline/reply-queue';
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

type Answer = (reply: Reply) => void;

export class Dispatcher {
  readonly replies = new ReplyQueue();
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
    this.order = new KeyOrder(isOrdered);
    this.transactions = new Transactions(session, this.asking);
    this.runs = new KeyRuns(this.order, this.asking, replyTo, ({ plan, protocol }, done) =>
      this.carryOut(plan, protocol, done),
    );
  }

  /** Begins what has had its turn since, with all that has joined it. */
  begin(): void {
    this.runs.begin();
  }

  receive(args: Arguments): void {
    const { session } = this;
    const answer = this.answerTo(this.replies.open());
    const name = args[0] as Bytes;
    const command = commandNamed(name);
    if (command === undefined) return this.refuse(unknownCommand(args), answer);
    if (!acceptsCount(command, args.length)) return this.refuse(wrongArity(command.name).reply, answer);
    session.lastCommand = command.name;
    if (session.onlyListens && !LISTENERS.has(command.name)) return this.refuse(onlyListens(name), answer);
    if (session.transaction === undefined || AT_ONCE.has(command.name))
      return this.start(command, args, answer);
    if (command.flags.includes('no_multi')) return this.refuse(NOT_IN_TRANSACTION.reply, answer);
    answer(this.transactions.queue(command, args));
  }

  private answerTo(place: ReplyPlace): Answer {
    return (reply) => {
      place.fill(reply);
      this.owner.replied(reply.length);
    };
  }

  private refuse(reply: Reply, answer: Answer): void {
    if (this.session.transaction) this.session.transaction.broken = true;
    answer(reply);
  }

  private start(command: Command, args: Arguments, answer: Answer): void {
    switch (command.kind) {
      case 'data':
        return this.startData(command, args, answer);
      case 'session':
        return answer(guarded(() => command.run(args, this.session)));
      case 'keyspace':
        return this.inTurn('all', answer, (done) => {
          command
            .run(args, this.tools.keyspace, this.session)
            .then(done, (error: unknown) => done(replyTo(error)));
        });
      case 'control':
        return this.control(command.name as ControlName, args, answer);
    }
  }

  // ---- on keys ----

  private startData(command: DataCommand, args: Arguments, answer: Answer): void {
    let prepared: Prepared;
    try {
      prepared = command.prepare(args, this.tools.terms());
    } catch (refusal) {
      return answer(replyTo(refusal));
    }
    const { protocol } = this.session;
    if (this.isOrdered && prepared.kind === 'plan' && isOfOneKey(prepared))
      return this.runs.join(args[command.keys[0]] as Bytes, { plan: prepared, protocol, answer });
    this.inTurn(keysIn(command.keys, args), answer, (done) => this.carryOut(prepared, protocol, done));
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
    const turn: Turn = new Turn(on, () =>
      begin((reply) => {
        answer(reply);
        this.order.leave(turn);
      }),
    );
    this.order.enter(turn);
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
function isOfOneKey({ operations }: Plan): boolean {
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
    ask: (operation: Operation) => new Promise((resolve) => tools().frames.ask(operation, resolve)),
  };
}

function onlyListens(name: Bytes): Reply {
  return fault(
    `ERR Can't execute '${name.toLowerCase()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
      'are allowed in this context',
  ).reply;
}
