/**
 * One chaos run: a ring, clients and faults; then healing, rest, and last reads of every key through every node.
 *
 * Problems that are found on the way are collected and not thrown, so that the history is judged in any case.
 */

import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { HistoryOperation, Value } from '@ringkeep/checker';
import { DEFAULT_PARAMETERS, Random, RingError, ringFault, type Ring } from '@ringkeep/shared';
import { RingClient } from '@ringkeep/client';
import { countCopies } from '../copies';
import { addressOf, LocalRing, publicAddressOf } from '@ringkeep/local-ring';
import { CLOCK_ENV } from './clock-faults';
import { drawFaults, KINDS_OF_DISKS, type FaultKind } from './faults';
import { MachineDisks } from './machine-disks';
import { Nemesis } from './nemesis';
import { RecordedClients } from './recorded-clients';
import { RecordedLocks } from './recorded-locks';
import { RecordedWatch } from './recorded-watch';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly nodes: number;
  readonly replication: number;
  readonly clients: number;
  readonly keys: number;
  /** What may go wrong. */
  readonly nemesis: readonly FaultKind[];
  readonly durability: string;
  readonly folder: string;
  readonly logFolder: string;
}

export interface ChaosOutcome {
  readonly history: readonly HistoryOperation[];
  /** What each key held at the end, once for each node that was asked. */
  readonly found: readonly (readonly [key: string, value: Value])[];
  readonly struck: ReadonlyMap<FaultKind, number>;
  /** When the clients began, on the history's clock. */
  readonly startedMs: number;
  readonly ringVersions: number;
  readonly watched: {
    readonly events: number;
    /** How often the watch has said itself that changes of a part of the ring are missing. */
    readonly saidToBeLost: number;
    readonly faults: readonly string[];
  };
  readonly locks: { readonly acquired: number; readonly faults: readonly string[] };
  /** Broken promises other than those that the history shows. */
  readonly troubles: readonly string[];
}

const HOT_KEYS = 6;
/** After the time for faults: until the last one is undone, and again until the ring is at rest. */
const HEAL_MS = 120_000;
const COPIES_MS = 10_000;
const READ_MS = 20_000;

export class ChaosRun {
  private ring: LocalRing | undefined;
  private disks: MachineDisks | undefined;
  private readonly random: Random;
  private readonly troubles: string[] = [];
  private readonly found: [string, Value][] = [];
  private startedMs = performance.now();
  private ringVersions = 0;

  constructor(
    private readonly options: ChaosOptions,
    private readonly signal: AbortSignal,
  ) {
    this.random = new Random(options.seed);
    // Each fault waits for its time with the same signal.
    setMaxListeners(0, signal);
  }

  async outcome(): Promise<ChaosOutcome> {
    const { nodes, replication, seed, minutes, keys } = this.options;
    const ring = await this.startRing();
    const kinds = this.kinds();
    const faults = drawFaults(this.random.fork(), minutes * 60_000, nodes, kinds);
    console.log(`seed ${seed}: ${nodes} nodes, ${replication} copies, ${faults.length} faults`);
    const publicAddresses = (): string[] => ring.places.map(publicAddressOf);
    const load = { keys, hotKeys: HOT_KEYS, clients: this.options.clients };
    const clients = new RecordedClients(
      load,
      this.random.fork(),
      publicAddresses,
      DEFAULT_PARAMETERS.clockSkewMs,
    );
    const tell = (text: string): void => this.tell(clients.history().length, text);
    const { disks, signal } = this;
    const nemesis = new Nemesis(ring, { disks, folder: join(this.options.folder, 'aside'), tell, signal });
    this.startedMs = performance.now();
    this.watch(clients.start(publicAddresses()));
    const bystander = new RingClient({ nodes: publicAddresses(), seed: this.random.word() });
    const watch = new RecordedWatch(clients.written);
    const locks = new RecordedLocks(this.random.fork());
    await watch.start(bystander);
    locks.start(bystander);
    try {
      await this.within(minutes * 60_000 + HEAL_MS, nemesis.run(faults));
      tell('all faults are undone');
      await ring.settled(HEAL_MS);
      tell('the ring is at rest');
      await Promise.all([clients.stop(), locks.stop()]);
      for (const place of ring.places) this.found.push(...(await clients.readAll(addressOf(place), READ_MS)));
      await this.checkCopies(ring);
      await watch.catchUp(new Map(this.found));
      tell(`read every key through ${ring.places.length} nodes`);
    } catch (error) {
      this.troubles.push((error as Error).message);
      await Promise.all([clients.stop(), locks.stop()]);
    }
    await watch.stop();
    await bystander.close();
    const { found, ringVersions, startedMs } = this;
    const troubles = [...this.troubles, ...clients.unexpected];
    const history = clients.history();
    const watched = {
      events: watch.events,
      saidToBeLost: watch.saidToBeLost,
      faults: watch.faults(history, new Map(found)),
    };
    const { struck } = nemesis;
    return { history, found, struck, startedMs, ringVersions, troubles, watched, locks };
  }

  async stop(): Promise<void> {
    await this.ring?.stop();
    await this.disks?.close();
  }

  killNow(): void {
    this.ring?.killNow();
    this.disks?.closeNow();
  }

  /** The faults that can be made on this machine. */
  private kinds(): readonly FaultKind[] {
    const { nemesis } = this.options;
    const kinds = this.disks ? nemesis : nemesis.filter((kind) => !KINDS_OF_DISKS.has(kind));
    if (kinds.length === 0)
      throw new RingError('FAILED_PRECONDITION', 'none of these faults can be made here');
    return kinds;
  }

  private async startRing(): Promise<LocalRing> {
    const { folder, logFolder, replication, nodes, nemesis, durability } = this.options;
    const data = join(folder, 'data');
    if (nemesis.some((kind) => KINDS_OF_DISKS.has(kind)))
      this.disks = await MachineDisks.open(join(folder, 'images'), data);
    const ring = await LocalRing.start(
      {
        folder: data,
        prepareFolder: async (name) => this.disks?.mount(name),
        nodeEnv: CLOCK_ENV,
        nodeArgs: ['--durability', durability],
        logFolder,
        replicationFactor: replication,
        links: true,
        onUnexpectedEnd: (process, code) => {
          const last = process.lastLines.join('\n  ');
          this.troubles.push(`${process.name} ended by itself with ${code}:\n  ${last}`);
        },
      },
      nodes,
    );
    this.ring = ring;
    await ring.settled();
    return ring;
  }

  /** In every version of the ring the arcs partition it, so that no position has two owners. */
  private watch(client: RingClient): void {
    client.watchRing((ring: Ring) => {
      this.ringVersions++;
      const fault = ringFault(ring);
      if (fault !== undefined) this.troubles.push(`ring version ${ring.version}: ${fault}`);
    });
  }

  private async within(boundMs: number, work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const late = pause(boundMs, undefined, { signal: done.signal }).then(() => {
      throw new Error(`not every fault could be undone within ${boundMs} ms`);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      done.abort();
    }
  }

  /** Every key is held as often as it should be, once the followers have heard of the last commit. */
  private async checkCopies(ring: LocalRing): Promise<void> {
    const { owned, held, complete } = await countCopies(ring, this.options.replication, COPIES_MS);
    if (!complete) this.troubles.push(`at rest the ring holds ${held} copies of ${owned} keys`);
  }

  private tell(operations: number, text: string): void {
    const seconds = ((performance.now() - this.startedMs) / 1000).toFixed(1).padStart(6);
    console.log(`${seconds} s ${operations.toLocaleString('en').padStart(8)} operations  ${text}`);
  }
}
