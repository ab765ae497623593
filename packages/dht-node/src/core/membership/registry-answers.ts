/**
 * What the registry's answers mean for this node: it is taken in, loses its place, is replaced or refused, and learns
 * the outcome of its proposals.
 *
 * An answer brings a ring, or what has changed of it. The consequences of the answer wait until that ring is acted on,
 * so that a refusal is judged under the ring that explains it.
 */

import type { Position } from '@ringkeep/shared';
import type { Outbox, RingKnowledge } from '../context';
import type { InputOf } from '../inputs';
import type { ArcPrimary } from '../primary/arc-primary';
import type { Membership } from './membership';
import type { RingAdoption } from './ring-adoption';

export class RegistryAnswers {
  constructor(
    private readonly context: RingKnowledge & Outbox,
    private readonly membership: Membership,
    private readonly adoption: RingAdoption,
    private readonly roleAt: (start: Position) => ArcPrimary | undefined,
  ) {}

  registered({ call, id, ring, ringTimeMs }: InputOf<'registered'>): void {
    if (!this.membership.answered(call, ringTimeMs)) return;
    this.adoption.offer(ring);
    // The registry has let this node in without knowing the ring that it knows: it is asked again.
    if (this.adoption.isForeign(ring)) return;
    this.membership.self = id;
    this.adoption.whenAdopted(() => {
      this.membership.takenIn();
      if (this.membership.leaving) this.membership.leave();
    });
  }

  ofMember(answer: InputOf<'member-answer'>): void {
    if (!this.membership.answered(answer.call, answer.ringTimeMs)) return;
    if (answer.replaced !== '') return this.context.emit({ kind: 'refused', text: answer.replaced });
    this.membership.noteState(answer.undecided, answer.roomLacking);
    this.adoption.update(answer.update);
    if (!answer.live) this.adoption.whenAdopted(() => this.lostPlace());
  }

  private lostPlace(): void {
    if (this.membership.standing !== 'member') return;
    const forgotten = this.context.view.member(this.membership.self) === undefined;
    if (this.membership.leaving && forgotten) {
      this.membership.standing = 'left';
      this.context.emit({ kind: 'left' });
    } else {
      this.membership.standing = 'outside';
      this.membership.beat();
    }
  }

  ofProposal({ call, update, accepted, reason }: InputOf<'proposal-answer'>): void {
    const start = this.membership.answered(call)?.start;
    this.adoption.update(update, start);
    this.adoption.whenAdopted(() => {
      if (start !== undefined) this.roleAt(start)?.proposalAnswered(accepted, reason);
    });
  }

  failed({ call, text }: InputOf<'registry-failed'>): void {
    this.noAnswer(this.membership.failed(call, 'registry-silent', text)?.start);
  }

  /** A process that was never a member has nothing to continue with. */
  wrong(answer: InputOf<'registry-wrong'>): void {
    if (!this.membership.hasRegistered) return this.refused(answer);
    this.noAnswer(this.membership.failed(answer.call, 'registry-wrong', answer.text)?.start);
  }

  private noAnswer(proposedFor: Position | undefined): void {
    if (proposedFor !== undefined) this.roleAt(proposedFor)?.proposalUnanswered();
  }

  refused({ call, text }: { readonly call: number; readonly text: string }): void {
    const known = this.membership.answered(call);
    if (known?.kind === 'leave') {
      this.membership.stay();
      this.context.emit({ kind: 'leave-refused', text });
    } else if (known?.kind === 'propose') {
      if (known.start !== undefined) this.roleAt(known.start)?.proposalAnswered(false, text);
    } else if (known) {
      this.context.emit({ kind: 'refused', text });
    }
  }
}
