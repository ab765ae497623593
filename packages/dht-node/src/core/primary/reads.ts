/**
 * What a primary answers reads with: the entries of its table, under the leases of every member that might become
 * primary (docs/PROTOCOL.md, section 3.5). So nobody else can have accepted a newer write.
 *
 * Lease and entry are checked in one step, hence at the same moment. A damaged entry is never an answer, nor one whose
 * time is over.
 */

import type { NodeId, RingKey } from '@ringkeep/shared';
import { evaluate, NO_VERSION } from '@ringkeep/shared/operations/evaluate';
import type { LookUp } from '@ringkeep/shared/operations/operation';
import type { StoredValue } from '@ringkeep/shared/operations/stored';
import type { Clocked, RingKnowledge, RuleSettings, StepTime, StoredCopies } from '../context';
import type { PendingOperation } from '../operations/pending-operation';
import { DAMAGED, type Found } from '../replica/entry-store';
import { isOverAt } from '../replica/expiry';
import type { Configurations } from './configurations';
import { HeldLeases } from './held-leases';

type ReadsContext = StepTime & Clocked & RingKnowledge & StoredCopies & RuleSettings;

export class Reads {
  private readonly leases = new HeldLeases();

  constructor(
    private readonly context: ReadsContext,
    private readonly configurations: Configurations,
  ) {}

  areUnderLeases(now: number): boolean {
    return this.leases.heldOfAll(this.context.rules.leasesNeededOf(this.configurations), now);
  }

  /** The entry that a key has at this moment. */
  entryOf(key: RingKey): Found {
    const { rules, replicas } = this.context;
    const found = replicas.entries.get(key);
    return found === DAMAGED ? rules.answerOfDamaged(replicas.entries, key) : found;
  }

  /** The time of what was found is over: it is no answer, before it has been ended. */
  isOver(found: Found): boolean {
    if (found === undefined || found === DAMAGED) return false;
    return this.context.rules.isAnswerOver(isOverAt(found, this.context.clock));
  }

  answer(pending: PendingOperation, operation: LookUp, entry: StoredValue | undefined): void {
    const { clock, parameters: limits } = this.context;
    pending.finish(evaluate(operation, entry, NO_VERSION, { wallMs: clock.wallMs, limits }).answer);
  }

  /** A follower has answered, as live, a message that was sent at that time. */
  leaseGranted(follower: NodeId, sentAtMs: number): void {
    const { rules, parameters, now } = this.context;
    const countedFrom = rules.leaseCountedFrom(sentAtMs, now);
    this.leases.granted(follower, sentAtMs, countedFrom + parameters.leaseMs - parameters.leaseMarginMs);
  }

  /** The machine slept: no lease held can be relied on, nor one granted on a message from before. */
  voidLeases(): void {
    this.context.rules.wokenUp(this.leases, this.context.now);
  }
}
