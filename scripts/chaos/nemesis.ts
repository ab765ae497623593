/**
 * Carries out the faults of a chaos run on a ring of real processes, and undoes them.
 *
 * Each fault has the nodes that it strikes to itself, their processes or their links, until it is undone; a fault
 * that finds too few free ones strikes fewer, or is left out.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '@ringkeep/shared';
import { addressOf, type LocalRing, type NodePlace } from '../local-ring';
import { askToLeave } from '../ring-client';
import type { LinkState } from '../tcp-link';
import type { Fault, FaultKind } from './faults';

const LEAVE_MS = 20_000;
const LEAVE_AGAIN_MS = 1_000;
/** More nodes than this on one machine measure the machine. */
const EXTRA_NODES_MAX = 4;
const DELAY_MS = { least: 10, most: 400 } as const;

/** What a fault may have to itself. */
type Part = 'process' | 'links';

export class Nemesis {
  readonly struck = new Map<FaultKind, number>();
  private readonly taken: Readonly<Record<Part, Set<NodePlace>>> = { process: new Set(), links: new Set() };
  private registryTaken = false;
  /** Nodes that have started once. */
  private readonly present: Set<NodePlace>;
  private readonly joined = new Set<NodePlace>();
  private joining = 0;

  constructor(
    private readonly ring: LocalRing,
    private readonly tell: (text: string) => void,
    private readonly signal: AbortSignal,
  ) {
    this.present = new Set(ring.places);
  }

  /** Carries out all faults, each at its time; returns when all are undone and whoever joined has left. */
  async run(faults: readonly Fault[]): Promise<void> {
    const startedMs = performance.now();
    const running = faults.map(async (fault) => {
      await this.pause(fault.atMs - (performance.now() - startedMs));
      const random = new Random(fault.choice);
      await this.strike(fault, random);
    });
    await Promise.all(running);
  }

  private async strike(fault: Fault, random: Random): Promise<void> {
    switch (fault.kind) {
      case 'kill':
      case 'kill-several':
        return this.withNodes(fault, random, 'process', async (places) => {
          await this.ring.killNodes(places);
          await this.pause(fault.forMs);
          await this.restart(places);
        });
      case 'pause':
      case 'pause-several':
        return this.withNodes(fault, random, 'process', async (places) => {
          for (const { process } of places) process?.signal('SIGSTOP');
          await this.pause(fault.forMs);
          for (const { process } of places) process?.signal('SIGCONT');
        });
      case 'kill-everything':
        return this.withRegistry(undefined, () =>
          this.withNodes({ ...fault, nodes: Infinity }, random, 'process', async (places) => {
            await Promise.all([this.ring.killRegistry(), this.ring.killNodes(places)]);
            await this.pause(fault.forMs);
            await Promise.all([this.ring.startRegistry(), this.restart(places)]);
          }),
        );
      case 'kill-registry':
        return this.withRegistry(fault, async () => {
          await this.ring.killRegistry();
          await this.pause(fault.forMs);
          await this.ring.startRegistry();
        });
      case 'pause-registry':
        return this.withRegistry(fault, async () => {
          this.ring.signalRegistry('SIGSTOP');
          await this.pause(fault.forMs);
          this.ring.signalRegistry('SIGCONT');
        });
      case 'cut':
        return this.impair(fault, random, 'node', { cutTo: true, cutFrom: true });
      case 'cut-one-way':
        return this.impair(fault, random, 'node', random.chance(0.5) ? { cutTo: true } : { cutFrom: true });
      case 'refuse':
        return this.impair(fault, random, 'node', { refusing: true });
      case 'delay':
        return this.impair(fault, random, 'node', {
          delayMs: random.between(DELAY_MS.least, DELAY_MS.most),
        });
      case 'cut-registry':
        return this.impair(fault, random, 'registry', { cutTo: true, cutFrom: random.chance(0.5) });
      case 'join-and-leave':
        return this.joinAndLeave(fault);
    }
  }

  private impair(
    fault: Fault,
    random: Random,
    which: 'node' | 'registry',
    state: Partial<LinkState>,
  ): Promise<void> {
    return this.withNodes(fault, random, 'links', async (places) => {
      for (const { links } of places) links?.[which].impair(state);
      await this.pause(fault.forMs);
      for (const { links } of places) links?.[which].mend();
    });
  }

  private async joinAndLeave(fault: Fault): Promise<void> {
    const count = Math.min(fault.nodes, EXTRA_NODES_MAX - this.joined.size - this.joining);
    if (count <= 0) return;
    this.begin(fault, `${count} nodes`);
    this.joining += count;
    const addresses = await this.ring.addNodes(count);
    this.joining -= count;
    const places = this.ring.places.filter((place) => addresses.includes(addressOf(place)));
    for (const place of places) {
      this.present.add(place);
      this.joined.add(place);
    }
    await this.pause(fault.forMs);
    await this.leave(places);
  }

  /** Asks until they have left: under faults a leave may take several attempts. */
  private async leave(places: readonly NodePlace[]): Promise<void> {
    await Promise.all(places.map((place) => this.leaveOne(place)));
  }

  private async leaveOne(place: NodePlace): Promise<void> {
    const address = addressOf(place);
    while (this.joined.has(place)) {
      this.signal.throwIfAborted();
      if (this.taken.process.has(place)) {
        await this.pause(LEAVE_AGAIN_MS);
        continue;
      }
      this.taken.process.add(place);
      this.ring.expectLeave(address);
      const reason = await askToLeave(address, LEAVE_MS);
      if (reason === undefined || !place.process?.running) {
        this.joined.delete(place);
        this.present.delete(place);
        await this.ring.forget(address);
      } else {
        this.tell(`${place.name} has not left yet: ${reason}`);
      }
      this.taken.process.delete(place);
    }
  }

  private async restart(places: readonly NodePlace[]): Promise<void> {
    await Promise.all(places.map((place) => this.ring.startNode(place)));
  }

  private async withNodes(
    fault: Fault,
    random: Random,
    part: Part,
    body: (places: readonly NodePlace[]) => Promise<void>,
  ): Promise<void> {
    const taken = this.taken[part];
    const free = [...this.present].filter((place) => !taken.has(place) && place.process?.running);
    const places = random.shuffle(free).slice(0, Math.min(fault.nodes, free.length));
    if (places.length === 0) return;
    this.begin(fault, places.map(({ name }) => name).join(', '));
    for (const place of places) taken.add(place);
    await body(places);
    for (const place of places) taken.delete(place);
  }

  /** Announces the fault, if told which. */
  private async withRegistry(fault: Fault | undefined, body: () => Promise<void>): Promise<void> {
    if (this.registryTaken) return;
    this.registryTaken = true;
    if (fault) this.begin(fault, 'the registry');
    await body();
    this.registryTaken = false;
  }

  private begin({ kind, forMs }: Fault, what: string): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    this.tell(`${kind}: ${what}, ${(forMs / 1000).toFixed(1)} s`);
  }

  private async pause(ms: number): Promise<void> {
    await pause(Math.max(0, ms), undefined, { signal: this.signal });
  }
}
