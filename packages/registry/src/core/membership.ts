/**
 * Who is a member: places, incarnations, leases, and when a member is forgotten.
 *
 * A process registers with an incarnation that its disk counts. A smaller one than known is a ghost and
 * refused; the same one is a repeat, or a living process that was declared dead; a greater one is a restart. Of two
 * processes in one incarnation, a node and a copy of its data folder, the later to register has the place, as one that
 * restarts has it; the other is told so when it next speaks, and stops.
 * A member that does not renew is declared dead and keeps its place as long as an arc names it, and
 * `forgetAfterMs` longer. A member that leaves is forgotten as soon as no arc names it.
 *
 * An address belongs to one live member at a time. A newcomer whose answer got lost would then be refused
 * its own address; hence the claim, which shows that it is the one who was given the place. A claim is kept
 * as long as its member: a first registration that arrives late, when the node has long been heard of, then
 * finds that member instead of making a second one, which nobody would be and which would hold the address.
 */

import { RingError, formatPosition, type Member, type NodeId } from '@ringkeep/shared';
import type { RegistryConfig, RegistryTools } from './config';
import { Deadlines } from './deadlines';
import type { Caller, RegisterInput } from './inputs';
import { place } from './placement';
import type { RingDraft } from './ring-draft';
import type { Claim, RegistryState } from './state';

/** What a registration was. A process that is new or was dead must be looked at by eviction. */
export interface Arrival {
  readonly how: 'joined' | 'came back' | 'restarted' | 'repeated';
  readonly member: Member;
  /** The member as it was, when another process of the same incarnation has its place now. */
  readonly before?: Member;
}

const CLAIM_CHARACTERS_MAX = 128;
const COORDINATES_MAX = 16;
/** With the longest addresses and all copies, a ring of so many still fits one message. */
export const MEMBERS_MAX = 5_000;

export class Membership {
  private readonly leases: Deadlines<NodeId>;
  private readonly farewells: Deadlines<NodeId>;
  /** Replaced, never edited: the state that is saved shares it. */
  private kept: readonly Claim[];

  constructor(
    private readonly config: RegistryConfig,
    private readonly tools: RegistryTools,
    state: RegistryState,
    now: number,
  ) {
    this.leases = new Deadlines(config.parameters.membershipLeaseMs);
    this.farewells = new Deadlines(config.forgetAfterMs);
    this.kept = state.claims;
    for (const member of state.ring.members) {
      if (member.state === 'dead') this.farewells.set(member.id, now);
      else this.leases.set(member.id, now);
    }
  }

  get claims(): readonly Claim[] {
    return this.kept;
  }

  get nextDeadline(): number {
    return Math.min(this.leases.next, this.farewells.next);
  }

  /** The registry was away: its absence counts against nobody. */
  forgive(now: number): void {
    this.leases.restart(now);
  }

  /** Takes a process in. Throws a RingError when it may not be; `check` throws what else is against it. */
  register(
    draft: RingDraft,
    input: RegisterInput,
    now: number,
    check: (how: Arrival['how']) => void,
  ): Arrival {
    checkRegistration(input);
    const known = this.knownMember(draft, input);
    checkAddress(draft, input.addr, known?.id, (id) => this.leases.leftMs(id, now));
    const arrival = known ? this.takeBack(known, input) : this.takeIn(draft, input);
    check(arrival.how);
    if (arrival.how !== 'repeated') draft.putMember(arrival.member);
    this.noteClaim(arrival.member.id, input.claim);
    this.farewells.delete(arrival.member.id);
    this.leases.set(arrival.member.id, now);
    return arrival;
  }

  /** True when the caller is a live member in its present incarnation; that it has spoken renews its lease. */
  renew(draft: RingDraft, caller: Caller, now: number): boolean {
    if (!this.isPresent(draft, caller)) return false;
    this.leases.set(caller.id, now);
    return true;
  }

  /** The caller is a live member in its present process. */
  isPresent(draft: RingDraft, caller: Caller): boolean {
    const member = draft.member(caller.id);
    return member !== undefined && member.state !== 'dead' && isProcessOf(member, caller);
  }

  /** Why a process that is not the member's present one is to stop; undefined when it is. */
  replacedBy(member: Member | undefined, caller: Caller): string | undefined {
    if (!member || isProcessOf(member, caller) || caller.incarnation > member.incarnation) return undefined;
    return (
      `another process of the node ${name(member)} has registered since, in incarnation ${member.incarnation}; ` +
      'is one of the two data folders a copy? Keep one of them'
    );
  }

  /** Marks a live member as leaving. Throws FAILED_PRECONDITION when nobody could take its arcs. */
  leave(draft: RingDraft, id: NodeId): Member | undefined {
    const member = draft.member(id);
    if (!member || member.state !== 'active') return undefined;
    const others = draft.members().some((other) => other.id !== id && other.state === 'active');
    if (!others && draft.arcs().length > 0) {
      const text = `${name(member)} is the last active member; nobody could take its part of the ring over`;
      throw new RingError('FAILED_PRECONDITION', text);
    }
    const leaving: Member = { ...member, state: 'leaving' };
    draft.putMember(leaving);
    return leaving;
  }

  /** Declares those dead whose lease has run out. */
  expire(draft: RingDraft, now: number): Member[] {
    return this.leases.take(now).map((id) => {
      const dead: Member = { ...(draft.member(id) as Member), state: 'dead' };
      draft.putMember(dead);
      this.farewells.set(id, now);
      return dead;
    });
  }

  /** Forgets members that no arc names: those that leave at once, the dead when their time is over. */
  forget(draft: RingDraft, now: number): Member[] {
    const over = this.farewells.take(now);
    const leaving = draft.members().filter(({ state }) => state === 'leaving');
    if (over.length === 0 && leaving.length === 0) return [];
    const named = new Set(draft.arcs().flatMap((arc) => arc.inSync));
    const gone: Member[] = [];
    for (const id of [...over, ...leaving.map((member) => member.id)]) {
      const member = draft.member(id) as Member;
      if (named.has(id)) {
        if (member.state === 'dead') this.farewells.set(id, now);
        continue;
      }
      draft.removeMember(id);
      this.leases.delete(id);
      gone.push(member);
    }
    if (gone.length > 0) {
      const ids = new Set(gone.map((member) => member.id));
      this.kept = this.kept.filter(({ id }) => !ids.has(id));
    }
    return gone;
  }

  /** A member has one claim and a claim one member: a node that comes back takes it from its ghost. */
  private noteClaim(id: NodeId, claim: string): void {
    if (claim === '' || this.kept.some((known) => known.id === id && known.claim === claim)) return;
    const others = this.kept.filter((known) => known.id !== id && known.claim !== claim);
    this.kept = [...others, { id, claim }];
  }

  private knownMember(draft: RingDraft, input: RegisterInput): Member | undefined {
    if (!input.identity) {
      if (input.claim === '') return undefined;
      const claimed = this.kept.find(({ claim }) => claim === input.claim);
      return claimed && draft.member(claimed.id);
    }
    const { id, salt } = input.identity;
    const member = draft.member(id);
    if (member && member.salt !== salt) {
      throw new RingError('ALREADY_EXISTS', `the place of the node is taken by ${name(member)}`);
    }
    return member;
  }

  private takeBack(known: Member, input: RegisterInput): Arrival {
    if (input.incarnation < known.incarnation) {
      throw new RingError(
        'FAILED_PRECONDITION',
        `${name(known)} is in its incarnation ${known.incarnation}; incarnation ${input.incarnation} is over`,
      );
    }
    if (isProcessOf(known, input)) {
      if (known.state !== 'dead') return { how: 'repeated', member: known };
      return { how: 'came back', member: { ...known, state: 'active' } };
    }
    const { addr, incarnation, process, coordinates } = input;
    const member: Member = { ...known, addr, incarnation, process, coordinates, state: 'active' };
    return incarnation > known.incarnation
      ? { how: 'restarted', member }
      : { how: 'restarted', member, before: known };
  }

  private takeIn(draft: RingDraft, input: RegisterInput): Arrival {
    if (draft.members().length >= MEMBERS_MAX) {
      const text = `the ring has ${MEMBERS_MAX} members, dead ones included, and takes no more`;
      throw new RingError('RESOURCE_EXHAUSTED', text);
    }
    const { addr, incarnation, process, coordinates } = input;
    const ids = draft.base.members.map((member) => member.id);
    const { positionOfText } = this.tools;
    const { id, salt } =
      input.identity ??
      place(this.config.placement, addr, ids, positionOfText, (point) => draft.isAnswered(point));
    return { how: 'joined', member: { id, addr, salt, incarnation, process, state: 'active', coordinates } };
  }
}

function isProcessOf(
  member: Member,
  { incarnation, process }: Pick<Caller, 'incarnation' | 'process'>,
): boolean {
  return member.incarnation === incarnation && member.process === process;
}

function checkRegistration(input: RegisterInput): void {
  if (!Number.isSafeInteger(input.incarnation) || input.incarnation < 1) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `the incarnation must be 1 or more, got ${input.incarnation}: a node counts its starts on its disk`,
    );
  }
  if (input.claim.length > CLAIM_CHARACTERS_MAX) {
    throw new RingError('INVALID_ARGUMENT', `a claim has at most ${CLAIM_CHARACTERS_MAX} characters`);
  }
  const { coordinates } = input;
  if (coordinates.length > COORDINATES_MAX || !coordinates.every(Number.isFinite)) {
    throw new RingError('INVALID_ARGUMENT', `coordinates are at most ${COORDINATES_MAX} finite numbers`);
  }
}

function checkAddress(
  draft: RingDraft,
  addr: string,
  own: NodeId | undefined,
  leaseLeftMs: (id: NodeId) => number,
): void {
  const holder = draft.members().find((member) => member.addr === addr && member.state !== 'dead');
  if (!holder || holder.id === own) return;
  throw new RingError(
    'ALREADY_EXISTS',
    `the address ${addr} belongs to the live member ${formatPosition(holder.id)}; if that process is gone, ` +
      `its lease runs out in ${(leaseLeftMs(holder.id) / 1_000).toFixed(1)} s`,
  );
}

function name(member: Member): string {
  return `${formatPosition(member.id)} at ${member.addr}`;
}
