/**
 * Which configurations of an arc might be in force: the newest one known, and the result of each proposal of this
 * primary whose outcome it does not know. A write must be at the members of all of them, and a read needs the leases of
 * all of them.
 *
 * Only a configuration with a higher epoch settles a proposal. An answer with the same epoch settles nothing, because
 * the request may still be on its way. So a refusal is followed by Keep, and silence by a repetition.
 */

import { configsAfter, type ArcConfig, type NodeId, type Proposal } from '@ringkeep/shared';
import { REGISTRY_RETRY_MS } from '../limits';
import type { Proposing, Reports, RingKnowledge, RuleSettings, StepTime } from '../context';

/** How many times longer a proposal that may still be answered waits for its repetition. */
const PATIENCE = 4;

type ConfigurationsContext = StepTime & RingKnowledge & Reports & Proposing & RuleSettings;

export class Configurations {
  private unsettled: Proposal[] = [];
  private sentAt = 0;
  private awaitingAnswer = false;
  private members: ReadonlySet<NodeId>;

  constructor(
    private readonly context: ConfigurationsContext,
    private config: ArcConfig,
  ) {
    this.members = this.membersInForce();
  }

  get newest(): ArcConfig {
    return this.config;
  }

  /** Nothing proposed might still come into force. */
  get settled(): boolean {
    return this.unsettled.length === 0;
  }

  /** The members of every configuration that might be in force, this node left out. */
  get otherMembers(): ReadonlySet<NodeId> {
    return this.members;
  }

  /** As many replicas are in sync as the ring asks for to accept writes. */
  get enoughCopies(): boolean {
    const { rules, view } = this.context;
    return rules.hasEnoughCopies(this.config.inSync.length, view.copiesToWrite(this.config));
  }

  propose(proposal: Proposal): void {
    this.change([...this.unsettled, proposal]);
    this.send(proposal);
    this.context.report({ kind: 'proposed', proposal });
  }

  /** The registry refused the last one; its ring is adopted already. */
  refused(reason: string): void {
    this.awaitingAnswer = false;
    const last = this.unsettled.at(-1);
    if (!last) return;
    this.context.report({ kind: 'proposal-refused', proposal: last, reason });
    if (this.context.rules.asksAfterRefusal(last))
      this.propose({ kind: 'keep', start: this.config.start, epoch: this.config.epoch });
  }

  accepted(): void {
    this.awaitingAnswer = false;
  }

  /** Repeats the last one when it is time to. */
  repeat(): void {
    const last = this.unsettled.at(-1);
    if (!last) return;
    const dueAt = this.sentAt + (this.awaitingAnswer ? PATIENCE : 1) * REGISTRY_RETRY_MS;
    if (this.context.now >= dueAt) return this.send(last);
    this.context.wakeAt(this.context.rules.lookAgainAt(dueAt, this.sentAt + REGISTRY_RETRY_MS));
  }

  /** Who has no copy may have changed under the same epoch, the members not. It settles nothing. */
  refresh(config: ArcConfig): void {
    this.config = config;
  }

  /** A configuration with a higher epoch: whatever was proposed before is settled. */
  settle(config: ArcConfig): void {
    this.config = config;
    this.forget();
  }

  /** Takes everything for settled. Without a higher epoch only where a rule is left out. */
  forget(): void {
    this.change([]);
    this.awaitingAnswer = false;
  }

  private send(proposal: Proposal): void {
    this.awaitingAnswer = true;
    this.sentAt = this.context.now;
    this.context.wakeAt(this.sentAt + PATIENCE * REGISTRY_RETRY_MS);
    this.context.propose(proposal);
  }

  /** The members are computed from scratch, and only when one of the configurations has changed. */
  private change(unsettled: Proposal[]): void {
    this.unsettled = unsettled;
    this.members = this.membersInForce();
  }

  private membersInForce(): Set<NodeId> {
    const members = new Set(this.config.inSync);
    for (const proposal of this.unsettled) {
      if (proposal.kind === 'merge') continue; // both arcs have the same members
      for (const config of configsAfter(this.config, proposal)) {
        for (const id of config.inSync) members.add(id);
      }
    }
    members.delete(this.context.self);
    return members;
  }
}
