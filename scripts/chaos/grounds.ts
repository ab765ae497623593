/**
 * Which fault holds which nodes. Each fault has the nodes that it strikes to itself, their processes or their links,
 * until it is undone. A fault that finds too few free nodes strikes fewer, or is left out.
 *
 * Some faults are survived only while nothing else goes wrong (docs/GUARANTEES.md says which). They ask for calm:
 * faults under way are undone first, the ring comes to rest, and no other fault begins until it has come to rest again.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@ringkeep/shared';
import type { LocalRing, NodePlace } from '@ringkeep/local-ring';
import type { Fault, FaultKind } from './faults';

/** What a fault may have to itself. */
export type Part = 'process' | 'links';

const SETTLE_MS = 120_000;

export class Grounds {
  readonly struck = new Map<FaultKind, number>();
  /** Nodes that have started once and have not been told to leave for good. */
  readonly present: Set<NodePlace>;
  readonly taken: Readonly<Record<Part, Set<NodePlace>>> = { process: new Set(), links: new Set() };
  private registryTaken = false;
  /** Faults that are under way. */
  private busy = 0;
  private calm = false;
  private whenIdle: () => void = () => undefined;

  constructor(
    readonly ring: LocalRing,
    readonly tell: (text: string) => void,
    readonly signal: AbortSignal,
  ) {
    this.present = new Set(ring.places);
  }

  /** A fault under way; it is left out while there has to be calm. */
  async under(body: () => Promise<void>): Promise<void> {
    if (this.calm) return;
    this.busy++;
    await body();
    this.busy--;
    if (this.busy === 0) this.whenIdle();
  }

  /** Runs with a ring at rest, and no other fault. */
  async withCalm(body: () => Promise<void>): Promise<void> {
    if (this.calm) return;
    this.calm = true;
    if (this.busy > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    await this.ring.settled(SETTLE_MS);
    await body();
    await this.ring.settled(SETTLE_MS);
    this.calm = false;
  }

  /** Runs with that many nodes that no fault holds, if there are any. */
  async withNodes(
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
  async withRegistry(fault: Fault | undefined, body: () => Promise<void>): Promise<void> {
    if (this.registryTaken) return;
    this.registryTaken = true;
    if (fault) this.begin(fault, 'the registry');
    await body();
    this.registryTaken = false;
  }

  begin({ kind, forMs }: Fault, what: string): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    this.tell(`${kind}: ${what}, ${(forMs / 1000).toFixed(1)} s`);
  }

  async pause(ms: number): Promise<void> {
    await pause(Math.max(0, ms), undefined, { signal: this.signal });
  }
}
