/**
 * One process of the registry: the simulator's host of a RegistryCore.
 *
 * The effects of a state are held back until that state is durable; a crash before that loses both.
 */

import type { ArcConfig, KnownRing, Ring } from '@ringkeep/shared';
import { registry, updateToWire } from '@ringkeep/shared/wire';
import type {
  RegistryCore,
  RegistryEffect,
  RegistryFact,
  RegistryInput,
  RegistryState,
} from '@ringkeep/registry/core';
import { FruitlessSteps } from '../checkers/fruitless-steps';
import { describeUpdate } from './descriptions';
import type { DriftingClock } from './drifting-clock';
import type { Party } from './network';
import { decodeQuestion, encodeAnswer, sealEnvelope } from './registry-messages';
import { REGISTRY_PARTY, type Neighbour, type Neighbourhood, type RegistryServer } from './surroundings';

/** Told of each ring when it is durable. */
export type RingObserver = (ring: Ring) => void;
type Reply = (answer: Uint8Array) => void;

/** Writes a state; when it is durable, `durable` stores it and lets out what follows. */
export type Save = (state: RegistryState, durable: (store: () => void) => void) => void;

interface Pending {
  readonly machine: string;
  readonly reply: Reply;
  readonly dropped: () => void;
}

export class RegistryProcess implements RegistryServer {
  private dead = false;
  /** It has said that its data are an old copy, or of another ring than its callers'. */
  atOdds = false;
  private pausedUntil = 0;
  private inputs: RegistryInput[] = [];
  private turnPlanned = false;
  private saving = false;
  private tickPlannedAt = Infinity;
  private lastRequest = 0;
  private readonly requests = new Map<number, Pending>();
  private readonly watchers = new Map<Party, { readonly name: string; readonly send: Reply }>();
  private lastArcs: readonly ArcConfig[] = [];
  private readonly fruitlessSteps = new FruitlessSteps('the registry');

  constructor(
    private readonly world: Neighbourhood,
    readonly core: RegistryCore,
    private readonly clock: DriftingClock,
    private readonly save: Save,
    private readonly observer: RingObserver,
  ) {}

  begin(): void {
    this.planTick();
  }

  die(): void {
    this.dead = true;
    for (const { dropped } of this.requests.values()) dropped();
  }

  pause(forMs: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.world.timeline.now + forMs);
  }

  serve(method: string, bytes: Uint8Array, reply: Reply, dropped: () => void): undefined {
    const request = ++this.lastRequest;
    this.requests.set(request, { machine: method, reply, dropped });
    this.post({ ...decodeQuestion(method, bytes), request } as RegistryInput);
  }

  watch({ name, party }: Pick<Neighbour, 'name' | 'party'>, from: KnownRing, send: Reply): void {
    this.watchers.set(party, { name, send });
    this.post({ kind: 'watch', watcher: party, from, clusterId: '' });
  }

  private post(input: RegistryInput): void {
    if (this.dead) return;
    this.inputs.push(input);
    this.planTurn();
  }

  private planTurn(): void {
    if (this.turnPlanned || this.saving || this.dead) return;
    this.turnPlanned = true;
    const pausedMs = Math.max(0, this.pausedUntil - this.world.timeline.now);
    this.world.timeline.after(pausedMs + 0.05, () => {
      this.turnPlanned = false;
      this.turn();
    });
  }

  /** Steps all that waits, makes the last state durable, then lets out what follows. */
  private turn(): void {
    if (this.dead || this.saving) return;
    const inputs = this.inputs;
    this.inputs = [];
    const effects: RegistryEffect[] = [];
    try {
      for (const input of inputs) effects.push(...this.core.step(this.clock.now, input));
      if (this.clock.now >= this.core.nextTickAt) {
        effects.push(...this.core.step(this.clock.now, { kind: 'tick' }));
      }
    } catch (error) {
      this.world.fail('invariants', `registry: ${(error as Error).stack ?? String(error)}`);
      this.dead = true;
      return;
    }
    this.checkFruit(inputs, effects);
    const states = effects.flatMap((effect) => (effect.kind === 'save' ? [effect.state] : []));
    const state = states.at(-1);
    if (!state) return this.carryOut(effects);
    this.saving = true;
    this.save(state, (store) => {
      if (this.dead) return;
      store();
      for (const { ring } of states) this.observer(ring);
      this.note(state.ring);
      this.saving = false;
      this.carryOut(effects);
    });
  }

  private checkFruit(inputs: readonly RegistryInput[], effects: readonly RegistryEffect[]): void {
    const fruitless = effects.length === 0 && inputs.length === 0;
    const failure = this.fruitlessSteps.taken(this.clock.now, this.core.nextTickAt, fruitless);
    if (failure) this.world.fail(failure.checker, failure.text);
  }

  private note(ring: Ring): void {
    const { trace, names } = this.world;
    const before = this.lastArcs;
    this.lastArcs = ring.arcs;
    trace.note('registry', () => {
      const changed = ring.arcs.filter((arc) => !before.includes(arc)).map((arc) => names.config(arc));
      const members = ring.members.map(
        ({ id, state }) => names.node(id) + (state === 'active' ? '' : ` ${state}`),
      );
      return `ring ${ring.version}: members ${members.join(', ')}${changed.length > 0 ? `; ${changed.join('; ')}` : ''}`;
    });
  }

  private carryOut(effects: readonly RegistryEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'answer':
          this.reply(effect.request, sealEnvelope(undefined, encodeAnswer(effect.answer, this.clock.now)));
          break;
        case 'refuse':
          this.reply(effect.request, sealEnvelope(effect.code, Buffer.from(effect.text)));
          break;
        case 'publish':
          this.publish(effect.watchers, effect.update);
          break;
        case 'report':
          this.report(effect.fact);
          break;
        case 'refuse-watch':
          this.watchers.delete(effect.watcher);
          break;
        case 'save':
          break;
      }
    }
    if (this.inputs.length > 0) this.planTurn();
    this.planTick();
  }

  private reply(request: number, answer: Uint8Array): void {
    const pending = this.requests.get(request);
    this.requests.delete(request);
    pending?.reply(answer);
  }

  private publish(watchers: readonly number[], update: Parameters<typeof updateToWire>[0]): void {
    const bytes = registry.RingUpdate.encode(updateToWire(update)).finish();
    for (const number of watchers) {
      const watcher = this.watchers.get(number);
      if (!watcher || this.world.network.pushStrays()) continue;
      this.world.trace.note(
        'message',
        () => `registry publishes ${describeUpdate(update)} to ${watcher.name}`,
      );
      this.world.network.send(
        REGISTRY_PARTY,
        number,
        () => watcher.send(bytes),
        () => undefined,
        true,
      );
    }
  }

  private report(fact: RegistryFact): void {
    const { world } = this;
    world.trace.note('registry', () => `${fact.what}${'reason' in fact ? ` ${fact.reason}` : ''}`);
    if (fact.what === 'missed') world.witness.primaryMissed(fact.arc, fact.to);
    if (fact.what === 'behind' || fact.what === 'foreign caller') this.atOdds = true;
    const machine = fact.what === 'died' ? world.machineOf(fact.member.id) : undefined;
    if (machine)
      world.occurred({
        name: 'declared dead',
        machine: machine.party,
        at: fact.what === 'died' ? fact.member.id : undefined,
      });
  }

  private planTick(): void {
    const delayMs = this.clock.trueDelayUntil(this.core.nextTickAt);
    if (this.dead || delayMs === Infinity) return;
    const at = this.world.timeline.now + Math.max(0, delayMs) + 0.01;
    if (at >= this.tickPlannedAt) return;
    this.tickPlannedAt = at;
    this.world.timeline.at(at, () => {
      if (this.tickPlannedAt !== at) return;
      this.tickPlannedAt = Infinity;
      if (this.saving || this.dead) return;
      this.planTurn();
      this.planTick();
    });
  }
}
