/**
 * The machine of the registry: its disk and clock, and the process that may crash on it.
 *
 * What follows from a state is held back until that state is durable; a crash before loses both.
 */

import { position, type ArcConfig, type Random, type Ring } from '@ringkeep/shared';
import { positionOfText } from '@ringkeep/shared/runtime';
import { proposalFromWire, registry, ringFromWire, ringToWire, updateToWire } from '@ringkeep/shared/wire';
import {
  RegistryCore,
  newState,
  type Caller,
  type RegistryAnswer,
  type RegistryConfig,
  type RegistryEffect,
  type RegistryFact,
  type RegistryInput,
  type RegistryState,
} from '@ringkeep/registry/core';
import { describeUpdate } from './descriptions';
import type { DiskProfile } from './disk';
import { DriftingClock } from './drifting-clock';
import type { Machine } from './machine';
import { sealEnvelope } from './node-process';
import type { Server } from './remote-call';
import { REGISTRY_PARTY, type World } from './world';

/** Told of each ring when it is durable. */
export type RingObserver = (ring: Ring) => void;
type Reply = (answer: Uint8Array) => void;
type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;
type Question = Unnumbered<Extract<RegistryInput, { request: number }>>;

export class RegistryMachine {
  readonly clock: DriftingClock;
  server: RegistryProcess | undefined;
  private stored: StoredState;
  private readonly random: Random;

  constructor(
    private readonly world: World,
    private readonly config: RegistryConfig,
    random: Random,
    private readonly diskProfile: DiskProfile,
    private readonly observer: RingObserver,
  ) {
    this.random = random;
    const { leaseMs, leaseMarginMs } = config.parameters;
    this.clock = DriftingClock.draw(world.timeline, random.fork(), leaseMs, leaseMarginMs);
    this.stored = storeState(newState('cluster', config.parameters));
  }

  get ring(): Ring {
    return this.server?.core.ring ?? loadState(this.stored).ring;
  }

  /** What a crash would leave. */
  get storedRing(): Ring {
    return loadState(this.stored).ring;
  }

  start(): void {
    if (this.server) return;
    this.world.trace.note('fault', () => 'registry starts');
    const state = loadState(this.stored);
    this.server = new RegistryProcess(
      this.world,
      new RegistryCore(
        this.config,
        { positionOfText, rules: this.world.rules.registry },
        state,
        this.clock.now,
      ),
      this.clock,
      (saved, durable) => {
        const latencyMs = this.diskProfile.syncMs * (0.5 - Math.log(1 - this.random.fraction()));
        this.world.timeline.after(latencyMs, () => {
          if (durable(() => (this.stored = storeState(saved)))) return;
        });
      },
      this.observer,
    );
    this.server.begin();
  }

  crash(): void {
    if (!this.server) return;
    this.world.trace.note('fault', () => 'registry crashes');
    this.server.die();
    this.server = undefined;
  }
}

/** The ring as its messages' bytes, the rest as it is: it is a handful of names. */
interface StoredState {
  readonly ring: Uint8Array;
  readonly rest: Omit<RegistryState, 'ring'>;
}

function storeState({ ring, ...rest }: RegistryState): StoredState {
  return { ring: registry.Ring.encode(ringToWire(ring)).finish(), rest };
}

function loadState({ ring, rest }: StoredState): RegistryState {
  return { ...rest, ring: ringFromWire(registry.Ring.decode(ring)) };
}

type Save = (state: RegistryState, durable: (store: () => void) => boolean) => void;

interface Pending {
  readonly machine: string;
  readonly reply: Reply;
  readonly dropped: () => void;
}

export class RegistryProcess implements Server {
  private dead = false;
  private pausedUntil = 0;
  private inputs: RegistryInput[] = [];
  private turnPlanned = false;
  private saving = false;
  private tickPlannedAt = Infinity;
  private lastRequest = 0;
  private readonly requests = new Map<number, Pending>();
  private readonly watchers = new Map<number, { readonly machine: Machine; readonly send: Reply }>();
  private lastArcs: readonly ArcConfig[] = [];

  constructor(
    private readonly world: World,
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

  watch(machine: Machine, fromVersion: number, send: Reply): void {
    this.watchers.set(machine.party, { machine, send });
    this.post({ kind: 'watch', watcher: machine.party, fromVersion, clusterId: '' });
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
    const state = effects.findLast((effect) => effect.kind === 'save')?.state;
    if (!state) return this.carryOut(effects);
    this.saving = true;
    this.save(state, (store) => {
      if (this.dead) return false;
      store();
      this.observer(state.ring);
      this.note(state.ring);
      this.saving = false;
      this.carryOut(effects);
      return true;
    });
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
          this.reply(effect.request, sealEnvelope(false, encodeAnswer(effect.answer)));
          break;
        case 'refuse':
          this.reply(effect.request, sealEnvelope(true, Buffer.from(effect.text)));
          break;
        case 'publish':
          this.publish(effect.watchers, effect.update);
          break;
        case 'report':
          this.report(effect.fact);
          break;
        case 'refuse-watch':
          this.world.fail('registry', `a watch was refused: ${effect.text}`);
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
        () => `registry publishes ${describeUpdate(update)} to ${watcher.machine.name}`,
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
    const machine = fact.what === 'died' ? world.machineOf(fact.member.id) : undefined;
    if (machine)
      world.occurred({
        name: 'declared dead',
        machine,
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

function decodeQuestion(method: string, bytes: Uint8Array): Question {
  switch (method) {
    case 'RegisterNode': {
      const { addr, identity, incarnation, coordinates, claim, ...more } =
        registry.ConnectionAddr.decode(bytes);
      const known = identity && { ...identity, id: position(identity.id) };
      const held = more.held.map(({ start, term }) => ({ start: position(start), term }));
      return { kind: 'register', addr, identity: known, incarnation, coordinates, claim, held };
    }
    case 'RenewLease':
      return { kind: 'renew', caller: callerOf(registry.RenewLeaseRequest.decode(bytes)) };
    case 'LeaveRing':
      return { kind: 'leave', caller: callerOf(registry.LeaveRingRequest.decode(bytes)) };
    case 'ProposeChange': {
      const message = registry.ProposeChangeRequest.decode(bytes);
      return { kind: 'propose', caller: callerOf(message), proposal: proposalFromWire(message) };
    }
    default:
      throw new Error(`the registry has no method ${method}`);
  }
}

function callerOf(message: registry.RenewLeaseRequest): Caller {
  const { id, incarnation, knownVersion, clusterId } = message;
  return { id: position(id), incarnation, knownVersion, clusterId };
}

function encodeAnswer(answer: RegistryAnswer): Uint8Array {
  switch (answer.kind) {
    case 'registered': {
      const { identity, neighbor, parameters, ring } = answer;
      const message = { id: identity.id, neighbor, identity, parameters, ring: updateToWire(ring) };
      return registry.RegisterInfo.encode(message).finish();
    }
    case 'member':
      return registry.MemberAnswer.encode({ live: answer.live, ring: updateToWire(answer.ring) }).finish();
    case 'proposal': {
      const { accepted, reason, ring } = answer;
      return registry.ProposeChangeAnswer.encode({ accepted, reason, ring: updateToWire(ring) }).finish();
    }
    case 'owners':
      return registry.Nodes.encode({ nodes: [...answer.members] }).finish();
  }
}
