/**
 * MULTI, EXEC, DISCARD, WATCH and UNWATCH of one connection.
 *
 * A watched key is one whose version is known. EXEC is carried out on the condition that all watched keys still have
 * theirs, so it does not matter how the key was changed meanwhile, by whom, and through which node or door.
 */

import type { Bytes, RingKey } from '@ringkeep/shared';
import type { KeyTerms, OperationResult } from '@ringkeep/shared/operations';
import { fullAnswerIn, WITH_VERSION } from './commands/answers';
import type { Arguments, Command } from './commands/command';
import { guarded, replyTo, ringError } from './commands/fault';
import { located, operationOf, type Prepared } from './commands/plan';
import { QUEUED_BYTES_MAX, QUEUED_COMMANDS_MAX } from './limits';
import { array, error, nilArray, OK, QUEUED, type Protocol, type Reply } from './protocol/replies';
import type { Session, TransactionState, WatchedKey } from './session';
import { together, type Asking, type TogetherOutcome, type Watched } from './asking/together';

const NESTED = error('ERR MULTI calls can not be nested');
const EXEC_WITHOUT = error('ERR EXEC without MULTI');
const DISCARD_WITHOUT = error('ERR DISCARD without MULTI');
const WATCH_WITHIN = error('ERR WATCH inside MULTI is not allowed');
const ABORTED = error('EXECABORT Transaction discarded because of previous errors.');
const NOT_WATCHED = ringError('UNAVAILABLE', 'nothing was done: a watched key could not be read', true);
const TOO_LONG = error(
  `ERR a transaction takes ${QUEUED_COMMANDS_MAX} commands and ${QUEUED_BYTES_MAX} bytes at most`,
);

/** A command that waits for EXEC. */
interface Queued {
  readonly command: Command;
  readonly args: Arguments;
}

interface OpenTransaction extends TransactionState {
  readonly queued: Queued[];
  bytes: number;
}

export interface TakenTransaction extends OpenTransaction {
  readonly watched: ReadonlyMap<Bytes, WatchedKey>;
}

/** A command of a transaction: on keys, or answered at once, or known to be wrong. */
type Element = { readonly prepared: Prepared } | { readonly run: () => Reply } | { readonly reply: Reply };

interface Refusal {
  readonly refusal: Reply;
}

export class Transactions {
  constructor(
    private readonly session: Session,
    private readonly asking: Asking,
  ) {}

  private get open(): OpenTransaction | undefined {
    return this.session.transaction as OpenTransaction | undefined;
  }

  begin(): Reply {
    if (this.session.transaction) return NESTED;
    const opened: OpenTransaction = { queued: [], bytes: 0, broken: false };
    this.session.transaction = opened;
    return OK;
  }

  queue(command: Command, args: Arguments): Reply {
    const transaction = this.open as OpenTransaction;
    transaction.bytes += args.reduce((sum, arg) => sum + arg.length, 0);
    if (transaction.queued.length >= QUEUED_COMMANDS_MAX || transaction.bytes > QUEUED_BYTES_MAX) {
      transaction.broken = true;
      return TOO_LONG;
    }
    transaction.queued.push({ command, args });
    return QUEUED;
  }

  discard(): Reply {
    const { session } = this;
    if (!session.transaction) return DISCARD_WITHOUT;
    session.transaction = undefined;
    return this.unwatch();
  }

  unwatch(): Reply {
    this.session.watched = new Map();
    return OK;
  }

  /** The keys are watched from now on; `read` tells their versions when it is this command's turn. */
  watch(keys: readonly Bytes[]): { readonly refusal: Reply | undefined; read(): Promise<Reply> } {
    const { session, asking } = this;
    const read = async (): Promise<Reply> => {
      const results = await Promise.all(
        added.map(([key]) => asking.ask(operationOf(asking.terms, 'get', key, [], WITH_VERSION))),
      );
      for (const [index, result] of results.entries())
        if (result.ok) (added[index] as [Bytes, WatchedKey])[1].version = fullAnswerIn(result.value).version;
      const failed = results.find((result): result is Failed => !result.ok);
      return failed === undefined ? OK : ringError(failed.code, failed.text, false);
    };
    if (session.transaction) return { refusal: WATCH_WITHIN, read };
    const added: [Bytes, WatchedKey][] = [];
    for (const key of new Set(keys)) {
      if (session.watched.has(key)) continue;
      const watched: WatchedKey = { version: undefined };
      session.watched.set(key, watched);
      added.push([key, watched]);
    }
    return { refusal: undefined, read };
  }

  /** Ends the transaction on the connection's side: what comes behind it is not a part of it. */
  take(): TakenTransaction | Refusal {
    const { session } = this;
    const { watched } = session;
    const transaction = this.open;
    if (!transaction) return { refusal: EXEC_WITHOUT };
    session.transaction = undefined;
    session.watched = new Map();
    return transaction.broken ? { refusal: ABORTED } : { ...transaction, watched };
  }

  async execute({ queued, watched }: TakenTransaction, protocol: Protocol, terms: KeyTerms): Promise<Reply> {
    const conditions = versionsOf(watched, terms);
    if (conditions === undefined) return NOT_WATCHED;
    const elements = queued.map((each) => this.elementOf(each, terms));
    const prepared = elements.flatMap((element) => ('prepared' in element ? [element.prepared] : []));
    const outcome = await together(prepared, conditions, this.asking, protocol);
    if (outcome.kind !== 'done') return this.failed(outcome, protocol);
    let next = 0;
    return array(
      elements.map((element) => {
        if ('prepared' in element) return outcome.replies[next++] as Reply;
        return 'run' in element ? element.run() : element.reply;
      }),
    );
  }

  /** The reply of EXEC, or of a command that is carried out alone, where nothing was done. */
  failed(outcome: Exclude<TogetherOutcome, { kind: 'done' }>, protocol: Protocol): Reply {
    return outcome.kind === 'changed' ? nilArray(protocol) : outcome.reply;
  }

  private elementOf({ command, args }: Queued, terms: KeyTerms): Element {
    try {
      if (command.kind === 'data') return { prepared: command.prepare(args, terms) };
    } catch (refusal) {
      return { reply: replyTo(refusal) };
    }
    if (command.kind === 'session') return { run: () => guarded(() => command.run(args, this.session)) };
    // UNWATCH is the only other command that is queued, and EXEC has ended all watches.
    return { reply: OK };
  }
}

type Failed = Extract<OperationResult, { ok: false }>;

/** Undefined if one could not be read. */
function versionsOf(
  watched: ReadonlyMap<Bytes, WatchedKey>,
  terms: KeyTerms,
): readonly Watched[] | undefined {
  const versions: Watched[] = [];
  for (const [key, { version }] of watched) {
    if (version === undefined) return undefined;
    versions.push({ key: located(terms, key) satisfies RingKey, version });
  }
  return versions;
}
