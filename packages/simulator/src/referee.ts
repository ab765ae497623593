/**
 * Shows the checkers what happens in a world, and ends the run when one of them objects. What must hold at every moment
 * is judged here; what must hold at the end is judged in final-checks.ts.
 */

import {
  formatPosition,
  positionOf,
  type Arc,
  type ArcConfig,
  type NodeId,
  type Position,
  type Ring,
  type RingKey,
} from '@ringkeep/shared';
import { silenceComplainedOf, type DiscardedOp, type NodeEvent } from '@ringkeep/dht-node/core';
import { AdmittedCopies } from './checkers/admitted-copies';
import { CopiesAsked } from './checkers/copies-asked';
import type { Doubts } from './checkers/doubts';
import { checkDropped } from './checkers/dropped-too-soon';
import type { Failure } from './checkers/failure';
import { MissedOwners } from './checkers/missed-owners';
import { checkOneServer } from './checkers/one-server';
import { RingHistory } from './checkers/ring-history';
import type { Scenario } from './scenario';
import { describeEvent } from './world/descriptions';
import type { Machine } from './world/machine';
import type { Party } from './world/network';
import type { Witness } from './world/surroundings';
import type { World } from './world/world';

/** A node that was reached may not be any more when an arc is proposed for it: the answer's age, and the longest quiesce. */
const REACHED_MS_MAX = 2_500;

type Event<Kind extends NodeEvent['kind']> = Extract<NodeEvent, { kind: Kind }>;

export class Referee implements Witness {
  private readonly ringHistory = new RingHistory();
  private readonly admittedCopies = new AdmittedCopies((node, range) => this.lacksCopy(node, range));
  private readonly copiesAsked: CopiesAsked;
  private readonly missedOwners: MissedOwners;
  /** Who was open as primary, in which term of which arc. */
  private readonly roles = new Map<string, string>();

  constructor(
    private readonly world: World,
    private readonly oldDisks: Scenario['oldDisks'],
    private readonly doubts: Doubts,
    keys: readonly RingKey[],
  ) {
    this.missedOwners = new MissedOwners(silenceComplainedOf(world.parameters));
    this.copiesAsked = new CopiesAsked(keys.map(positionOf));
  }

  /** The registry has made a version, on data that are no old copy. */
  ringMade(ring: Ring): void {
    this.judge(this.ringHistory.check(ring) ?? this.admittedCopies.check(ring));
    this.copiesAsked.note(ring);
    this.missedOwners.note(ring, this.world.timeline.now);
  }

  checkServers(point: Position, by?: Party): void {
    const answerers = this.world.machines.map((each) => ({
      name: each.name,
      answers: each.party === by || (each.process?.wouldAnswer(point) ?? false),
    }));
    this.judge(checkOneServer(formatPosition(point), answerers));
  }

  writeAcknowledged(point: Position, after: number, upTo: number): void {
    this.judge(this.copiesAsked.check(point, after, upTo));
  }

  primaryHeard(by: NodeId | undefined, arc: { readonly start: Position; readonly term: number }): void {
    if (by !== undefined) this.missedOwners.heard(by, arc, this.world.timeline.now);
  }

  primaryMissed(arc: ArcConfig, to: NodeId): void {
    this.judge(this.missedOwners.check(arc, to, this.world.timeline.now));
  }

  /**
   * With a disk put back, and members that come late, what they knew as prepared only cannot be told from what was never
   * acknowledged (docs/GUARANTEES.md, what is not promised).
   */
  discarded(ops: readonly DiscardedOp[]): void {
    if (this.oldDisks === 'late') for (const { op } of ops) this.doubts.discarded(op.key);
  }

  eventSeen(machine: Machine, event: NodeEvent): void {
    switch (event.kind) {
      case 'role-open':
        return this.roleOpened(machine, event);
      case 'proposed':
        return this.proposed(machine, event);
      case 'protocol-violation':
        return this.world.fail('protocol', `${machine.name}: ${event.text}`);
      case 'arc-stopped':
        this.doubts.stopped(event.arc);
        return this.checkWhetherOld(machine, event);
      case 'incomparable':
      case 'old-copy':
        return this.checkWhetherOld(machine, event);
      case 'data-missing':
        if (machine.hasLostCopies) return;
        return this.world.fail('data missing', `${machine.name} has lost ${formatPosition(event.arc.start)}`);
      default:
    }
  }

  private judge(failure: Failure | undefined): void {
    if (failure) this.world.fail(failure.checker, failure.text);
  }

  private roleOpened(machine: Machine, { arc, term }: Event<'role-open'>): void {
    const role = `${formatPosition(arc.start)} in term ${term}`;
    const holder = this.roles.get(role) ?? machine.name;
    this.roles.set(role, machine.name);
    if (holder !== machine.name)
      this.world.fail('one primary', `${holder} and ${machine.name} are primary of ${role}`);
    this.checkServers(arc.start);
  }

  private proposed(machine: Machine, { proposal }: Event<'proposed'>): void {
    if (proposal.kind === 'handover') this.checkAddress(machine, proposal.node);
    if (proposal.kind === 'drop') this.checkDrop(machine, proposal.start, proposal.nodes);
  }

  /** Whoever finds that a disk is older than others is wrong where none is. */
  private checkWhetherOld(machine: Machine, event: Event<'arc-stopped' | 'incomparable' | 'old-copy'>): void {
    if (this.oldDisks === 'late' || (this.oldDisks === 'timely' && event.kind === 'old-copy')) return;
    const what = describeEvent(event, this.world.names);
    this.world.fail('old disks', `${machine.name} reports ${what}, and no disk is old`);
  }

  private lacksCopy(node: NodeId, range: Arc): boolean {
    const machine = this.world.machineOf(node);
    const held = machine?.process?.held;
    if (!held || machine.hasLostCopies || this.oldDisks !== 'never') return false;
    return !held.hasWholeCopy(range);
  }

  private checkDrop({ process }: Machine, start: Position, nodes: readonly NodeId[]): void {
    const view = process?.core?.view;
    const arc = view?.arcAt(start);
    if (!process || !view || !arc || this.oldDisks !== 'never') return;
    const hasCopies = (node: NodeId): boolean => this.world.machineOf(node)?.hasLostCopies === false;
    const upMs = this.world.timeline.now - process.startedAt;
    this.judge(checkDropped(view.ring, arc, nodes, upMs, hasCopies));
  }

  /** Nobody is given an arc whom the giver cannot have reached. */
  private checkAddress(giver: Machine, node: NodeId): void {
    const taker = this.world.machineOf(node);
    const since = taker && this.world.network.shutSince(taker.party);
    if (since === undefined || this.world.timeline.now - since <= REACHED_MS_MAX) return;
    const forMs = Math.round(this.world.timeline.now - since);
    this.world.fail(
      'addresses',
      `${giver.name} hands an arc to ${taker?.name}, which nobody reaches for ${forMs} ms`,
    );
  }
}
