/**
 * One run: a world made from a scenario, a safety phase with faults, healing, a liveness phase with a bound, and
 * the checks. The same scenario gives the same run to the byte.
 */

import {
  RingView,
  arcContains,
  positionOf,
  formatPosition,
  type Arc,
  type ArcConfig,
  type Bytes,
  type NodeId,
  type Position,
  type Random,
  type RingKey,
} from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/wire';
import { HistoryRecorder, type HistoryOperation, type Value } from '@ringkeep/checker/core';
import { DEFAULT_CONFIG } from '@ringkeep/registry/core';
import {
  silenceComplainedOf,
  type DiscardedOp,
  type NodeCore,
  type NodeEvent,
} from '@ringkeep/dht-node/core';
import { AdmittedCopies } from './checkers/admitted-copies';
import { checkCopies, checkTables, notYetAtRest, notYetInSync, type NodeAtRest } from './checkers/at-rest';
import { CopiesAsked } from './checkers/copies-asked';
import type { Failure } from './checkers/failure';
import { checkDropped } from './checkers/dropped-too-soon';
import { checkLinearizability } from './checkers/linearizability';
import { checkLostWrites } from './checkers/lost-writes';
import { checkOneServer } from './checkers/one-server';
import { MissedOwners } from './checkers/missed-owners';
import { RingHistory } from './checkers/ring-history';
import { rulesWithout, type Rule, type Rules } from './left-out';
import { FOCUSES } from './focuses';
import type { Scenario } from './scenario';
import { seeded } from './seeded';
import { Client } from './world/client';
import { SessionClient } from './world/session-client';
import { describeEvent } from './world/descriptions';
import { Faults } from './world/faults';
import { Machine } from './world/machine';
import { Names } from './world/names';
import { Nemesis } from './world/nemesis';
import { Network } from './world/network';
import { NewParameters } from './world/new-parameters';
import { OldDisks } from './world/old-disks';
import { OldRegistry } from './world/old-registry';
import { Opportunist, type Occasion } from './world/opportunist';
import { RegistryMachine } from './world/registry-machine';
import { SilentFeeds } from './world/silent-feeds';
import { Timeline } from './world/timeline';
import { Trace, type TraceLine } from './world/trace';
import { FIRST_CLIENT_PARTY, type World } from './world/world';

/** No message and no operation that was under way when the faults stopped ends later than that. */
const UNDER_WAY_MS_MAX = 12_000;
/** Time for what comes of the last of them. */
const QUIET_MS = 1_000;
/** The bound of the liveness phase: faults have stopped, and so much later everything is as it should be. */
export const LIVENESS_MS_MAX = 60_000;
/** A node that was reached may not be any more when an arc is proposed for it: the answer's age, and the longest quiesce. */
const REACHED_MS_MAX = 2_500;
const LOOK_EVERY_MS = 250;
/** So long after the faults the arcs are where they should be, although clients go on writing. */
const UNDER_WRITES_MS_MAX = 20_000;
const READ_PATIENCE_MS = 10_000;
const OPERATOR_WAITS_MS = 2_000;
/** How often there are clients that are the client library's session. */
const SESSIONS_CHANCE = 0.7;

export interface RunResult {
  readonly failure: (Failure & { readonly atMs: number }) | undefined;
  readonly digest: string;
  readonly lines: readonly TraceLine[];
  readonly history: readonly HistoryOperation[];
  /** How long after the faults everything was as it should be. */
  readonly recoveredAfterMs: number;
  readonly simulatedMs: number;
}

export interface RunOptions {
  readonly keepTrace?: boolean;
  /** A rule that the nodes do not keep: the run is to show that somebody notices. */
  readonly leftOut?: Rule | undefined;
}

export function simulate(scenario: Scenario, options: RunOptions = {}): Promise<RunResult> {
  return new Simulation(scenario, options).run();
}

class Simulation implements World {
  readonly timeline = new Timeline();
  readonly names = new Names();
  readonly trace: Trace;
  readonly network: Network;
  readonly machines: Machine[] = [];
  readonly registry: RegistryMachine;
  readonly rules: Rules;
  /** Reads everything in the end. */
  private readonly reader: Client;
  private readonly clients: (Client | SessionClient)[] = [];
  private readonly faults: Faults;
  private readonly nemesis: Nemesis;
  private readonly opportunist: Opportunist;
  private readonly oldDisks: OldDisks;
  private readonly oldRegistry: OldRegistry;
  private readonly newParameters: NewParameters;
  private readonly silentFeeds: SilentFeeds;
  private readonly recorder = new HistoryRecorder();
  private readonly ringHistory = new RingHistory();
  private readonly admittedCopies = new AdmittedCopies((node, range) => this.lacksCopy(node, range));
  private readonly copiesAsked: CopiesAsked;
  private readonly missedOwners: MissedOwners;
  private readonly roles = new Map<string, string>();
  /** Said to stand still until somebody decides: what is there is known to be in doubt. */
  private readonly stoppedArcs: Arc[] = [];
  /** Of operations that were discarded though they may have been acknowledged: their members came too late to say so. */
  private readonly discardedKeys = new Set<RingKey>();
  private readonly keys: readonly Bytes[];
  private failure: RunResult['failure'];
  private recoveredAfterMs = 0;
  /** When somebody was last about to start. */
  private lastComingAt = 0;
  private readonly lastReads = new Map<string, Value>();

  constructor(
    private readonly scenario: Scenario,
    { keepTrace = false, leftOut }: RunOptions,
  ) {
    this.rules = rulesWithout(leftOut);
    const part = (name: string): Random => seeded(scenario.seed, name);
    this.trace = new Trace(this.timeline, keepTrace);
    this.network = new Network(this.timeline, part('the network'), scenario.network);
    const { parameters, placement, forgetAfterMs, returnWaitMs } = scenario;
    const config = { ...DEFAULT_CONFIG, parameters, placement, forgetAfterMs, returnWaitMs };
    this.registry = new RegistryMachine(this, config, part('the registry'), scenario.disk, (ring) => {
      if (this.oldRegistry.isOnOldData) return this.oldRegistry.check(ring);
      const failure = this.ringHistory.check(ring) ?? this.admittedCopies.check(ring);
      if (failure) this.fail(failure.checker, failure.text);
      this.copiesAsked.note(ring);
      this.missedOwners.note(ring, this.timeline.now);
    });
    for (let number = 1; number <= scenario.machines + scenario.machinesLater; number++) {
      this.machines.push(new Machine(this, number, part(`machine ${number}`), scenario.disk));
    }
    this.keys = Array.from({ length: scenario.keys }, (_, index) => `k${index}` as Bytes);
    this.missedOwners = new MissedOwners(silenceComplainedOf(parameters));
    this.copiesAsked = new CopiesAsked(this.keys.map((key) => positionOf(ringKeyOf(key))));
    const { thinkMs, patienceMs } = scenario;
    const habits = { keys: this.keys, thinkMs, patienceMs, onlyWrites: scenario.silentFeeds };
    this.silentFeeds = new SilentFeeds(this, part('silent feeds'), scenario);
    this.reader = new Client(this, FIRST_CLIENT_PARTY, part('client 0'), this.recorder, habits);
    // Plain clients go where the library's would not; the library's are beside them, so that the others' stories stay.
    const sessions = part('sessions');
    const count = sessions.chance(SESSIONS_CHANCE) ? sessions.between(1, 3) : 0;
    for (let number = 1; number <= scenario.clients + count; number++) {
      const party = FIRST_CLIENT_PARTY + number;
      const given = [this, party, part(`client ${number}`), this.recorder, habits] as const;
      const plain = number <= scenario.clients;
      this.clients.push(
        plain ? new Client(...given) : new SessionClient(...given, this.silentFeeds.progress),
      );
    }
    const newcomers = this.machines.slice(scenario.machines);
    this.faults = new Faults(this, part('the end of all faults'), scenario, newcomers);
    this.nemesis = new Nemesis(this, part('the nemesis'), scenario, this.faults);
    const triggers = scenario.focus ? FOCUSES[scenario.focus].triggers : [];
    this.oldDisks = new OldDisks(this, part('old disks'), scenario, this.faults);
    this.oldRegistry = new OldRegistry(this, part("the registry's data"), scenario);
    this.newParameters = new NewParameters(this, part('new parameters'), scenario, this.faults);
    this.opportunist = new Opportunist(this, part('the opportunist'), this.faults, triggers);
  }

  get transferSizes(): Scenario['transferSizes'] {
    return this.scenario.transferSizes;
  }

  get storage(): Scenario['storage'] {
    return this.scenario.storage;
  }

  get parameters(): Scenario['parameters'] {
    return this.scenario.parameters;
  }

  fail(checker: string, text: string): void {
    if (this.failure) return;
    this.failure = { checker, text, atMs: this.timeline.now };
    this.trace.note('check', () => `${checker}: ${text}`);
  }

  machineAt(addr: string): Machine | undefined {
    return this.machines.find((machine) => machine.addr === addr);
  }

  machineOf(id: NodeId): Machine | undefined {
    return this.machines.find((machine) => machine.id === id);
  }

  /** `by` has answered just now, whatever it came to know later in the same step. */
  checkServers(point: Position, by?: Machine): void {
    const answerers = this.machines.map((each) => ({
      name: each.name,
      answers: each === by || (each.process?.wouldAnswer(point) ?? false),
    }));
    const failure = checkOneServer(formatPosition(point), answerers);
    if (failure) this.fail(failure.checker, failure.text);
  }

  writeAcknowledged(point: Position, after: number, upTo: number): void {
    const failure = this.copiesAsked.check(point, after, upTo);
    if (failure) this.fail(failure.checker, failure.text);
  }

  primaryHeard(by: Machine, arc: { readonly start: Position; readonly term: number }): void {
    if (by.id !== undefined) this.missedOwners.heard(by.id, arc, this.timeline.now);
  }

  primaryMissed(arc: ArcConfig, to: NodeId): void {
    const failure = this.missedOwners.check(arc, to, this.timeline.now);
    if (failure) this.fail(failure.checker, failure.text);
  }

  private lacksCopy(node: NodeId, range: Arc): boolean {
    const machine = this.machineOf(node);
    const held = machine?.process?.held;
    if (!held || machine.hasLostCopies || this.scenario.oldDisks !== 'never') return false;
    return !held.hasWholeCopy(range);
  }

  private checkDrop({ process }: Machine, start: Position, nodes: readonly NodeId[]): void {
    const view = process?.core?.view;
    const arc = view?.arcAt(start);
    if (!process || !view || !arc || this.scenario.oldDisks !== 'never') return;
    const hasCopies = (node: NodeId): boolean => this.machineOf(node)?.hasLostCopies === false;
    const upMs = this.timeline.now - process.startedAt;
    const failure = checkDropped(view.ring, arc, nodes, upMs, hasCopies);
    if (failure) this.fail(failure.checker, failure.text);
  }

  /** Nobody is given an arc whom the giver cannot have reached. */
  private checkAddress(giver: Machine, node: NodeId): void {
    const taker = this.machineOf(node);
    const since = taker && this.network.shutSince(taker.party);
    if (since === undefined || this.timeline.now - since <= REACHED_MS_MAX) return;
    const forMs = Math.round(this.timeline.now - since);
    this.fail(
      'addresses',
      `${giver.name} hands an arc to ${taker?.name}, which nobody reaches for ${forMs} ms`,
    );
  }

  eventSeen(machine: Machine, event: NodeEvent): void {
    this.trace.note('event', () => `${machine.process?.name} ${describeEvent(event, this.names)}`);
    if (event.kind === 'role-open') {
      const role = `${formatPosition(event.arc.start)} in term ${event.term}`;
      const holder = this.roles.get(role) ?? machine.name;
      this.roles.set(role, machine.name);
      if (holder !== machine.name)
        this.fail('one primary', `${holder} and ${machine.name} are primary of ${role}`);
      this.checkServers(event.arc.start);
    }
    if (event.kind === 'proposed' && event.proposal.kind === 'handover')
      this.checkAddress(machine, event.proposal.node);
    if (event.kind === 'proposed' && event.proposal.kind === 'drop')
      this.checkDrop(machine, event.proposal.start, event.proposal.nodes);
    this.opportunist.occurred(this.occasionOf(machine, event));
    if (event.kind === 'protocol-violation') this.fail('protocol', `${machine.name}: ${event.text}`);
    const stopped = event.kind === 'arc-stopped' || event.kind === 'incomparable';
    const { oldDisks } = this.scenario;
    const allowed = oldDisks === 'late' || (oldDisks === 'timely' && !stopped);
    if (event.kind === 'arc-stopped') this.stoppedArcs.push(event.arc);
    if ((event.kind === 'old-copy' || stopped) && !allowed)
      this.fail(
        'old disks',
        `${machine.name} reports ${describeEvent(event, this.names)}, and no disk is old`,
      );
    if (event.kind === 'data-missing' && !machine.hasLostCopies)
      this.fail('data missing', `${machine.name} has lost ${formatPosition(event.arc.start)}`);
  }

  private occasionOf(machine: Machine, event: NodeEvent): Occasion {
    if (event.kind === 'proposed') {
      const { proposal } = event;
      const named = 'node' in proposal ? proposal.node : 'nodes' in proposal ? proposal.nodes[0] : undefined;
      const other = named === undefined ? undefined : this.machineOf(named);
      return { name: `proposed ${proposal.kind}`, machine, other, at: proposal.start };
    }
    const home = machine.id;
    const at = 'arc' in event ? event.arc.start : 'range' in event ? event.range.start : home;
    return { name: event.kind, machine, at };
  }

  diskIsOfNoUse(machine: Machine): void {
    this.faults.replaceDiskWhenUnneeded(machine);
  }

  occurred(occasion: Occasion): void {
    this.opportunist.occurred(occasion);
  }

  async run(): Promise<RunResult> {
    const { scenario } = this;
    this.registry.start();
    for (const machine of this.machines.slice(0, scenario.machines))
      machine.startLater(1 + 5 * machine.party);
    for (const client of this.clients) client.start();
    this.timeline.after(300, () => this.nemesis.start());
    this.oldDisks.start();
    this.oldRegistry.start();
    this.newParameters.start();
    this.silentFeeds.start();
    if ((await this.runUntil(scenario.safetyMs)) && (await this.recover())) await this.checkAtLast();
    return {
      failure: this.failure,
      digest: this.trace.digest,
      lines: this.trace.lines,
      history: this.recorder.history(),
      recoveredAfterMs: this.recoveredAfterMs,
      simulatedMs: this.timeline.now,
    };
  }

  /** False when a rule was broken on the way. */
  private runUntil(time: number): Promise<boolean> {
    return this.timeline.runUntil(time, () => this.failure !== undefined);
  }

  /** Puts everything right and waits until the ring is as it should be. */
  private async recover(): Promise<boolean> {
    if (!(await this.runUntil(this.timeline.now + this.oldRegistry.end()))) return false;
    this.faults.heal();
    if (this.scenario.writesGoOn && !(await this.settleUnderWrites())) return false;
    for (const client of this.clients) client.stop();
    const healedAt = this.timeline.now;
    const lastUnderWayAt = this.timeline.latestUpTo(healedAt + UNDER_WAY_MS_MAX);
    if (!(await this.settle(healedAt))) return false;
    this.recoveredAfterMs = this.timeline.now - healedAt;
    return (await this.runUntil(lastUnderWayAt + QUIET_MS)) && this.settle(healedAt);
  }

  /** Scrubs every node. @returns what is still damaged */
  private scrub(): string | undefined {
    const found = this.machines
      .filter(({ process }) => process?.core && process.scrub())
      .map(({ name }) => name);
    return found.length === 0 ? undefined : `${found.join(' ')} have damaged entries`;
  }

  /** It will never be switched on again, or its machine is another node by now. */
  private isGone(node: NodeId): boolean {
    return this.machineOf(node)?.retired ?? true;
  }

  /** Steady writes keep no copy out. */
  private async settleUnderWrites(): Promise<boolean> {
    const until = this.timeline.now + UNDER_WRITES_MS_MAX;
    for (;;) {
      const reason = notYetInSync(this.registry.ring, (id) => this.isGone(id));
      if (reason === undefined) return true;
      if (this.timeline.now > until) {
        this.fail('liveness', `under writes, ${UNDER_WRITES_MS_MAX} ms after the last fault: ${reason}`);
        return false;
      }
      if (!(await this.runUntil(this.timeline.now + LOOK_EVERY_MS))) return false;
    }
  }

  private async settle(healedAt: number): Promise<boolean> {
    for (;;) {
      const reason = notYetAtRest(this.registry.ring, this.nodes(), (id) => this.isGone(id)) ?? this.scrub();
      if (reason === undefined) return true;
      if (this.timeline.now - healedAt > LIVENESS_MS_MAX) {
        this.fail('liveness', `${LIVENESS_MS_MAX} ms after the last fault: ${reason}`);
        return false;
      }
      this.decideAboutStoppedArcs();
      if (!(await this.runUntil(this.timeline.now + LOOK_EVERY_MS))) return false;
    }
  }

  /**
   * The operator's part: a stopped arc goes on with the copy that contradicts its primary's, or with the primary's
   * where that one is a copy of a part only. He waits until everybody has been there for a while:
   * whoever comes may know better.
   */
  private decideAboutStoppedArcs(): void {
    const { now } = this.timeline;
    const comes = ({ starting, process }: Machine): boolean => starting || (!!process && !process.core);
    if (this.machines.some(comes)) this.lastComingAt = now;
    if (now - this.lastComingAt < OPERATOR_WAITS_MS) return;
    for (const { process, id } of this.machines) {
      const stopped = process?.core?.status().replicas.find((replica) => replica.stopped !== undefined);
      if (!process || id === undefined || !stopped) continue;
      const { start } = stopped.range;
      const other = this.machineOf(stopped.conflict?.node ?? id)?.process;
      const right = other?.held?.hasWholeCopy(stopped.range) ? other : process;
      this.trace.note('fault', () => `${right.name} is to be right about ${formatPosition(start)}`);
      const decision = { kind: 'recover' as const, request: 0, start, from: (right.core as NodeCore).self };
      right.post(decision);
      if (right !== process) process.post(decision);
    }
  }

  /**
   * With a disk put back, and members that come late, what they knew as prepared only cannot be told from what was never
   * acknowledged (docs/GUARANTEES.md, what is not promised).
   */
  discarded(ops: readonly DiscardedOp[]): void {
    if (this.scenario.oldDisks === 'late') for (const { op } of ops) this.discardedKeys.add(op.key);
  }

  /** What is there of it was in doubt, and was said to be. */
  private isInDoubt(key: Bytes): boolean {
    const ringKey = ringKeyOf(key);
    const point = positionOf(ringKey);
    return this.discardedKeys.has(ringKey) || this.stoppedArcs.some((arc) => arcContains(arc, point));
  }

  /** The copies first: while the last reads are under way a dead member may be forgotten, and its arc merged. */
  private async checkAtLast(): Promise<void> {
    const nodes = this.nodes();
    const unlike = checkCopies(this.registry.ring, nodes) ?? checkTables(nodes);
    if (unlike) return this.fail(unlike.checker, unlike.text);
    for (const key of this.keys) {
      this.reader.readAtLast(key, READ_PATIENCE_MS, (result) => {
        if (!result?.ok) this.fail('liveness', `${key} cannot be read though everything works`);
        else this.lastReads.set(key, result.value ?? null);
      });
    }
    const allRead = (): boolean => this.lastReads.size === this.keys.length;
    await this.timeline.runUntil(
      this.timeline.now + READ_PATIENCE_MS,
      () => this.failure !== undefined || allRead(),
    );
    if (this.failure) return;
    for (const key of this.keys) if (this.isInDoubt(key)) this.lastReads.delete(key);
    const history = this.recorder.history().filter(({ key }) => !this.isInDoubt(key as Bytes));
    const failure = checkLostWrites(history, this.lastReads) ?? checkLinearizability(history);
    if (failure) return this.fail(failure.checker, failure.text);
    await this.writeAtLast();
  }

  /** Nothing that kept writes out is left. */
  private async writeAtLast(): Promise<void> {
    const view = new RingView(this.registry.ring);
    const isWritable = (key: Bytes): boolean => {
      const arc = view.arcOfKey(ringKeyOf(key));
      return arc !== undefined && arc.inSync.length >= view.copiesToWrite(arc);
    };
    let open = 0;
    for (const key of this.keys.filter(isWritable)) {
      open++;
      this.reader.writeAtLast(key, READ_PATIENCE_MS, (result) => {
        open--;
        const text = result?.ok === false ? `: ${result.text}` : '';
        if (!result?.ok) this.fail('liveness', `${key} cannot be written though everything works${text}`);
      });
    }
    await this.timeline.runUntil(
      this.timeline.now + READ_PATIENCE_MS + LOOK_EVERY_MS,
      () => this.failure !== undefined || open === 0,
    );
  }

  private nodes(): NodeAtRest[] {
    const nodes: NodeAtRest[] = [];
    for (const { name, process } of this.machines) {
      const { core, held } = process ?? {};
      if (!core || !held) continue;
      const { id, settled, replicas } = core.status();
      nodes.push({
        id,
        name,
        settled,
        ranges: replicas.map(({ range }) => range),
        allCommitted: replicas.every(({ committed, lastPrepared }) => committed === lastPrepared),
        // Asked for at the very end only, and nodes often.
        get tableSizes() {
          return core.tableSizes();
        },
        get strayContent() {
          return held.strayContent;
        },
        get copies() {
          return replicas.map(({ range }) => ({ range, content: held.contentOf(range) }));
        },
      });
    }
    return nodes;
  }
}
