/**
 * The queries that are being answered, and where each of their operations goes: to an arc of this node, to the owner
 * that the ring names (forwards.ts), or back to the caller.
 *
 * An operation takes one of these ways at a time. If there is none at present, for example because a newer ring has not
 * come yet, it waits here until that comes or a moment has passed, and no longer than until its deadline.
 */

import type { ArcConfig, Position, RingKey } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { evaluate, NO_VERSION } from '@ringkeep/shared/operations/evaluate';
import { isLookUp } from '@ringkeep/shared/operations/operation';
import { NumberMap } from '@ringkeep/shared/ring/number-map';
import type { Outbox, Clocked, RingKnowledge, RuleSettings, StepTime, StoredCopies } from '../context';
import type { QueryInput } from '../inputs';
import { FORWARD_RETRY_MS } from '../limits';
import { DAMAGED, type Found } from '../replica/entry-store';
import type { NextHop } from '../routing/next-hop';
import { Forwards, type Router } from './forwards';
import { HeldOperations } from './held-operations';
import { PendingQuery, type PendingOperation } from './pending-operation';

/** An arc that this node is primary of, as operations meet it. */
interface OwnArc {
  /** Within a step nothing takes this right away again. */
  mayRead(): boolean;
  /** Ask only while `mayRead`. */
  read(key: RingKey): Found;
  /** What was found is no answer before it has been ended. */
  isOver(found: Found): boolean;
  /** It answers the operation, in this step or a later one. */
  submit(operation: PendingOperation): void;
}

type QueriesContext = StepTime & Clocked & RingKnowledge & Outbox & StoredCopies & RuleSettings;

export class Queries implements Router {
  readonly forwards: Forwards;
  private readonly pending = new NumberMap<PendingQuery>();
  private readonly held = new HeldOperations('too many operations wait for their owner');
  private retryAt = Number.POSITIVE_INFINITY;
  private expireAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: QueriesContext,
    private readonly nextHop: NextHop,
    private readonly ownArcAt: (start: Position) => OwnArc | undefined,
  ) {
    this.forwards = new Forwards(context, nextHop, this);
  }

  tableSizes(): Readonly<Record<string, number>> {
    return { queries: this.pending.size, forwards: this.forwards.size, held: this.held.size };
  }

  accept(input: QueryInput): void {
    const query = new PendingQuery(input, (done, results) => this.answer(done, results));
    if (input.operations.length === 0) return this.answer(query, []);
    this.pending.set(input.request, query);
    this.start(query);
    if (!query.done) this.expireBy(input.deadlineAtMs);
  }

  /**
   * Reads of what this node answers for are done here and now; they are by far the most frequent case. Nothing in the
   * loop can take away a role or the right to read, so these are checked once for consecutive keys of one arc.
   */
  private start(query: PendingQuery): void {
    const { operations } = query.input;
    const { view, self, replicas, clock, parameters: limits } = this.context;
    const { entries } = replicas;
    const circumstances = { wallMs: clock.wallMs, limits };
    let arc: ArcConfig | undefined;
    let own: OwnArc | undefined;
    let readable = false;
    let announced = 0;
    for (let index = 0; index < operations.length; index++) {
      const operation = operations[index] as Operation;
      const holder = view.arcOfKey(operation.key);
      if (holder !== arc) {
        arc = holder;
        own = holder?.primary === self ? this.ownArcAt(holder.start) : undefined;
        readable = own?.mayRead() === true;
      }
      if (readable && own !== undefined && isLookUp(operation)) {
        if (index >= announced) announced = entries.announce(operations, index);
        const entry = own.read(operation.key);
        if (entry === DAMAGED || own.isOver(entry)) own.submit(query.wait(index));
        else query.set(index, evaluate(operation, entry, NO_VERSION, circumstances).answer);
      } else if (own !== undefined) {
        own.submit(query.wait(index));
      } else {
        this.route(query.wait(index), holder);
      }
    }
  }

  /** The caller no longer waits; what was started goes on. */
  cancel(request: number): void {
    const query = this.pending.get(request);
    if (!query) return;
    this.pending.delete(request);
    query.abandon();
    this.forwards.someEnded();
  }

  private answer(query: PendingQuery, results: readonly OperationResult[]): void {
    const { request, ringVersion } = query.input;
    this.pending.delete(request);
    const behind = query.misdirected && ringVersion < this.context.view.version;
    this.context.emit({
      kind: 'answer',
      request,
      results,
      hops: query.hops,
      ring: behind ? this.context.view.ring : undefined,
    });
  }

  /** Sends an operation on its way; it has not been started. `arc` is that of its key, where it is known. */
  route(pending: PendingOperation, arc = this.context.view.arcOfKey(pending.operation.key)): void {
    if (pending.done) return;
    const { view, self } = this.context;
    const { query, operation } = pending;
    if (arc === undefined) return this.hold(pending);
    if (arc.primary === self) {
      const own = this.ownArcAt(arc.start);
      if (own) own.submit(pending);
      else pending.fail('UNAVAILABLE', 'this node may not answer for the key at present');
      return;
    }
    const owner = view.member(arc.primary);
    if (!owner || owner.state === 'dead') {
      return pending.fail('UNAVAILABLE', `the owner of the key is down and no other node has a current copy`);
    }
    if (query.input.ringVersion > view.version && query.input.hops > 0) return this.hold(pending);
    query.misdirected = true;
    // A client that knows the same ring reckons the positions of tags otherwise: it is of an older version.
    if (query.input.direct && query.input.ringVersion !== view.version)
      return pending.fail('NOT_OWNER', `not the owner of the key at ring version ${view.version}`);
    const { hopsMax } = this.nextHop;
    if (query.input.hops >= hopsMax) return pending.fail('UNAVAILABLE', `given up after ${hopsMax} forwards`);
    const to = this.nextHop.towards(owner.id, operation.key);
    if (to === undefined) return this.hold(pending);
    this.forwards.add(to, pending);
  }

  /** It is routed again with a newer ring, or in a moment. */
  hold(operation: PendingOperation): void {
    if (!this.held.add(operation)) return;
    this.retryAt = Math.min(this.retryAt, this.context.now + FORWARD_RETRY_MS);
    this.context.wakeAt(this.retryAt);
  }

  /** A newer ring: what waited for it goes on, and nothing waits for nodes that are down and replaced. */
  ringAdopted(): void {
    this.forwards.ringAdopted();
    this.routeHeld();
  }

  /** Time for another try. */
  private routeHeld(): void {
    this.retryAt = Number.POSITIVE_INFINITY;
    for (const operation of this.held.takeAll()) this.route(operation);
  }

  /** End of a step: one frame for all that goes to the same node, and an end to what nobody waits for. */
  flush(): void {
    this.forwards.flush();
  }

  tick(): void {
    if (this.context.now >= this.expireAt) this.expire();
    else if (this.pending.size > 0) this.context.wakeAt(this.expireAt);
    if (this.context.now >= this.retryAt) this.routeHeld();
    else if (this.held.size > 0) this.context.wakeAt(this.retryAt);
  }

  /** Gives up what is past its deadline. Looks at everything, so it runs only when some deadline has come. */
  private expire(): void {
    this.expireAt = Number.POSITIVE_INFINITY;
    this.forwards.someEnded();
    for (const query of this.pending.values()) {
      if (query.input.deadlineAtMs > this.context.now) this.expireBy(query.input.deadlineAtMs);
      else for (const operation of query.operations) if (!operation.done) operation.expire();
    }
  }

  private expireBy(deadlineAtMs: number): void {
    this.expireAt = Math.min(this.expireAt, deadlineAtMs);
    this.context.wakeAt(this.expireAt);
  }
}
