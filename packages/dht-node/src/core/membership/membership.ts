/**
 * This node's membership at the registry: register, renew, propose, leave.
 *
 * A node raises its incarnation on its disk before it registers. A node that was declared dead while it lived registers
 * again with the same incarnation.
 */

import type { NodeId, Position, Proposal } from '@ringkeep/shared';
import {
  BEATS_PER_LEASE,
  FORGET_CALL_MS,
  REGISTRY_CALL_MS_MAX,
  REGISTRY_RETRY_MS,
  REGISTRY_RETRY_MS_MAX,
  RENEWAL_RETRY_PER_LEASE,
  RENEWAL_TIMEOUT_PER_LEASE,
} from '../limits';
import type {
  Clocked,
  Outbox,
  Reports,
  RingArrivals,
  RingKnowledge,
  StepTime,
  StoredCopies,
} from '../context';
import type { Complaint, HeldCopy, RegistryCall } from '../effects';

type Standing = 'outside' | 'member' | 'left';
type Call = { readonly kind: RegistryCall['kind']; readonly start?: Position; readonly sentAt: number };

const TROUBLES = {
  'registry-silent': 'the registry does not answer',
  'registry-wrong': 'the registry does not know this ring as it is',
} as const;
const EVERYTHING_WAITS = 'joins, leaves and fail-overs wait';

type MembershipContext = StepTime & Clocked & RingKnowledge & RingArrivals & StoredCopies & Outbox & Reports;

export class Membership {
  /** Once the registry has said so. */
  self: NodeId = 0n as NodeId;
  standing: Standing = 'outside';
  /** This process has been a member; a process that was never one knows nothing of the ring. */
  hasRegistered = false;
  leaving = false;
  /** When the registry last took this process in. */
  registeredAt = Number.NEGATIVE_INFINITY;
  /** When the registry last answered. */
  answeredAt = Number.NEGATIVE_INFINITY;
  /** Why the registry, which answers, changes nothing at present; empty if it does. */
  private undecided = '';
  /** Why its disk allows no new member, at least; empty if it does. */
  private roomLacking = '';
  private readonly calls = new Map<number, Call>();
  private lastCall = 0;
  private nextCallAt = 0;
  /** Pause before the next registration; grows while the registry does not answer. */
  private registerAgainMs = REGISTRY_RETRY_MS;
  private complaints: readonly Complaint[] = [];
  /** A renewal under way does not yet say what should be said now. */
  private hasNews = false;
  /** Why the registry is of no use at present, reported once. */
  private trouble: keyof typeof TROUBLES | undefined;

  constructor(private readonly context: MembershipContext) {}

  tick(): void {
    if (this.standing === 'left') return;
    const { now } = this.context;
    for (const [call, { sentAt }] of this.calls) {
      if (now - sentAt > FORGET_CALL_MS) this.calls.delete(call);
    }
    if (now >= this.nextCallAt) this.beat();
    this.context.wakeAt(this.nextCallAt);
  }

  tableSizes(): Readonly<Record<string, number>> {
    return { calls: this.calls.size };
  }

  /** What each renewal says; sent at once when it changes. */
  complain(complaints: readonly Complaint[]): void {
    if (sameComplaints(complaints, this.complaints)) return;
    this.complaints = complaints;
    this.hasNews = true;
    this.nextCallAt = this.context.now;
  }

  takenIn(): void {
    this.standing = 'member';
    this.hasRegistered = true;
    this.registeredAt = this.context.now;
    this.registerAgainMs = REGISTRY_RETRY_MS;
    this.nextCallAt = this.context.now + this.renewalMs;
  }

  private get leaseMs(): number {
    return this.context.parameters.membershipLeaseMs;
  }

  private get renewalMs(): number {
    return this.leaseMs / BEATS_PER_LEASE;
  }

  /** Registers, or renews; at once when a newer ring is wanted. */
  beat(): void {
    const { known } = this.context;
    const kind = this.standing === 'outside' ? 'register' : this.leaving ? 'leave' : 'renew';
    const periodMs = kind === 'register' ? this.registerAgainMs : this.renewalMs;
    this.nextCallAt = this.context.now + periodMs;
    // One at a time, but one that was lost must not keep the next from saving the lease.
    const patienceMs = kind === 'register' ? 1.5 * periodMs : this.leaseMs * RENEWAL_TIMEOUT_PER_LEASE;
    const since = this.context.now - patienceMs;
    if ([...this.calls.values()].some((call) => call.kind === kind && call.sentAt > since)) return;
    if (kind === 'register') this.registerAgainMs = Math.min(2 * periodMs, REGISTRY_RETRY_MS_MAX);
    this.hasNews = false;
    if (kind === 'renew') return this.send({ kind, known, complaints: this.complaints });
    if (kind === 'leave') return this.send({ kind, known });
    this.send({ kind, held: this.heldCopies(), known });
  }

  private heldCopies(): HeldCopy[] {
    const complete = this.context.replicas.all().filter((copy) => copy.complete);
    return complete.map(({ range, liveTerm, committed, lastPrepared }) => ({
      ...range,
      term: liveTerm,
      committed,
      lastPrepared,
    }));
  }

  propose(proposal: Proposal): void {
    this.send({ kind: 'propose', known: this.context.known, proposal }, proposal.start);
  }

  leave(): void {
    if (this.standing === 'left') return;
    this.leaving = true;
    if (this.standing === 'member') this.beat();
  }

  stay(): void {
    this.leaving = false;
  }

  private send(request: RegistryCall, start?: Position): void {
    const call = ++this.lastCall;
    this.calls.set(call, { kind: request.kind, start, sentAt: this.context.now });
    const keepsLease = request.kind === 'renew' || request.kind === 'leave';
    const withinMs = keepsLease ? this.leaseMs * RENEWAL_TIMEOUT_PER_LEASE : REGISTRY_CALL_MS_MAX;
    this.context.emit({ kind: 'call-registry', call, request, withinMs });
  }

  /** There is a connection, for the first time or again: calls that wait for their turn need not wait. */
  reached(): void {
    this.registerAgainMs = REGISTRY_RETRY_MS;
    if (this.standing === 'outside' || this.trouble !== undefined) this.nextCallAt = this.context.now;
  }

  /** An answer came, and may tell the ring's time. @returns the call that it answers, undefined if that was given up */
  answered(call: number, ringTimeMs?: number): Call | undefined {
    const known = this.calls.get(call);
    if (known) this.context.clock.heard(ringTimeMs, known.sentAt);
    this.calls.delete(call);
    this.answeredAt = this.context.now;
    if (this.hasNews) this.nextCallAt = this.context.now;
    if (this.trouble !== undefined) {
      this.trouble = undefined;
      this.context.report({ kind: 'registry-back' });
    }
    return known;
  }

  /** It answers, and what it says of itself is this. */
  noteState(because: string, roomLacking: string): void {
    this.roomLacking = roomLacking;
    const news = (because === '') !== (this.undecided === '');
    this.undecided = because;
    if (news)
      this.context.report({ kind: 'registry-undecided', because: because === '' ? undefined : because });
  }

  /** In words, for people; undefined if nothing is known to be wrong. */
  get registryTrouble(): string | undefined {
    if (this.trouble !== undefined) return `${TROUBLES[this.trouble]}: ${EVERYTHING_WAITS}`;
    if (this.undecided !== '') return `the registry changes nothing (${this.undecided}): ${EVERYTHING_WAITS}`;
    return this.roomLacking === '' ? undefined : `the registry takes in nobody new (${this.roomLacking})`;
  }

  get registryDecides(): boolean {
    return this.undecided === '';
  }

  /** No answer came, or that of a wrong registry. Beats go on and bring what is still wanted. */
  failed(call: number, trouble: keyof typeof TROUBLES, text: string): Call | undefined {
    const known = this.calls.get(call);
    this.calls.delete(call);
    if (known && known.kind !== 'propose' && known.kind !== 'register')
      this.nextCallAt = Math.min(this.nextCallAt, this.context.now + this.leaseMs * RENEWAL_RETRY_PER_LEASE);
    // What a registry does not decide yet is no silence: renewals tell that.
    if (known?.kind === 'propose' && trouble === 'registry-silent') return known;
    if (this.trouble !== trouble) {
      this.trouble = trouble;
      this.context.report({ kind: trouble, text });
    }
    return known;
  }
}

function sameComplaints(a: readonly Complaint[], b: readonly Complaint[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ start, term }) => b.some((other) => other.start === start && other.term === term))
  );
}
