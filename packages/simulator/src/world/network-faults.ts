/**
 * What goes wrong between machines: connections that are cut or clogged for a while, and addresses that nobody reaches.
 */

import type { FaultDraws } from './fault-draws';
import type { Machine } from './machine';
import type { Party } from './network';
import { REGISTRY_PARTY } from './surroundings';
import type { World } from './world';

export class NetworkFaults {
  private readonly undo = new Set<() => void>();

  /** `pickMachine`: one that is a favourite victim at present. */
  constructor(
    private readonly world: World,
    private readonly draws: FaultDraws,
    private readonly pickMachine: () => Machine | undefined,
  ) {}

  /** Ends all of it. */
  heal(): void {
    for (const end of this.undo) end();
    this.undo.clear();
    this.world.network.heal();
  }

  anyNode(): Party {
    const { machines } = this.world;
    if (this.draws.random.chance(0.25)) return REGISTRY_PARTY;
    return (this.pickMachine() ?? this.draws.random.pick(machines)).party;
  }

  /** One node, or several at once, lose the registry and nothing else. */
  cutOffRegistry(victim: Machine | undefined): void {
    const victims = new Set([victim]);
    while (this.draws.random.chance(0.4)) victims.add(this.pickMachine());
    const both = this.draws.random.chance(0.8);
    for (const machine of victims) if (machine) this.cutSome(machine.party, REGISTRY_PARTY, both);
  }

  /** It goes on reaching everybody. */
  loseAddress(victim: Machine | undefined): void {
    if (!victim) return;
    this.note(`${victim.name} cannot be reached at its address`);
    this.forAWhile(this.world.network.shutOff(victim.party));
  }

  cutSome(from: Party, to: Party, both: boolean): void {
    if (from === to) return;
    const { network } = this.world;
    this.note(`the way from ${from} to ${to} is cut${both ? ', and back' : ''}`);
    this.forAWhile(network.cut(from, to), ...(both ? [network.cut(to, from)] : []));
  }

  /** Two groups that cannot reach each other; the registry is in one of them, or reachable from both. */
  partition(): void {
    const { network, machines } = this.world;
    const parties = machines.map((machine) => machine.party);
    if (this.draws.random.chance(0.7)) parties.push(REGISTRY_PARTY);
    this.draws.random.shuffle(parties);
    const alone = this.draws.random.chance(0.5) ? 1 : 1 + this.draws.random.below(parties.length);
    const left = parties.slice(0, alone);
    const right = parties.slice(alone);
    this.note(`partition: ${left.join(' ')} from ${right.join(' ')}`);
    this.forAWhile(...left.flatMap((a) => right.flatMap((b) => [network.cut(a, b), network.cut(b, a)])));
  }

  clog(): void {
    const from = this.anyNode();
    const to = this.anyNode();
    const delayMs = this.draws.random.between(20, 2_000);
    this.note(`the way from ${from} to ${to} is clogged by up to ${delayMs} ms`);
    this.forAWhile(this.world.network.clog(from, to, delayMs));
  }

  private forAWhile(...ends: (() => void)[]): void {
    const end = (): void => {
      this.undo.delete(end);
      for (const undo of ends) undo();
    };
    this.undo.add(end);
    this.world.timeline.after(this.draws.durationMs(), end);
  }

  private note(text: string): void {
    this.world.trace.note('fault', () => text);
  }
}
