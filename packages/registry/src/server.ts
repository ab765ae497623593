/**
 * A whole registry: data folder, state, core, host, gRPC server. main.ts starts it, or a test or service that uses it
 * as a library.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  RingError,
  checkParameters,
  keyIndexFault,
  parametersFault,
  positionRuleFault,
  type ClusterParameters,
  type Ring,
  type RunId,
} from '@ringkeep/shared';
import { FolderWatch, lockFolder, makeLmdbDurable, type FolderLock } from '@ringkeep/process/disk';
import { observersAsOne, type Meter } from '@ringkeep/process/meter';
import { processAt } from '@ringkeep/process/probes';
import {
  Lifecycle,
  limited,
  MonotonicClock,
  RepeatedLook,
  silentLogger,
  type Logger,
} from '@ringkeep/process/running';
import { GrpcServer, Health, addReflection, type Endpoint } from '@ringkeep/process/server';
import { addressUrl, loadTls, type TlsFiles } from '@ringkeep/shared/channel';
import { registry } from '@ringkeep/shared/wire';
import { positionOfText } from '@ringkeep/shared/operations';
import { REGISTRY_SERVICE, registryHandlers } from './adapters/grpc-service';
import { LmdbRingStore } from './adapters/lmdb-ring-store';
import type { NodeCheck } from './adapters/node-check';
import { MemoryRingStore, type RingStore } from './adapters/ring-store';
import { SaveRoom } from './adapters/save-room';
import {
  DEFAULT_CONFIG,
  RegistryCore,
  begun,
  newState,
  type RegistryConfig,
  type RegistryState,
} from './core';
import { RegistryHost } from './host';
import { RingClock } from './ring-clock';
import { factLog } from './observing/fact-log';
import { addRegistryGauges, registryMeter } from './observing/registry-meter';
import { REGISTRY_FACTS, type RegistryObserver } from './observing/registry-observer';

export type RegistryStorage = 'disk' | 'memory';

export interface RegistryOptions extends Partial<Omit<RegistryConfig, 'parameters'>> {
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  /** Any free port when absent or 0. */
  readonly port?: number;
  /** What people should change when the port is taken. */
  readonly portOption?: string;
  readonly parameters?: Partial<ClusterParameters>;
  /** memory when absent: then a restart is a new cluster. */
  readonly storage?: RegistryStorage;
  /** For storage on disk. */
  readonly dataDir?: string;
  /** Free space below which no new node is taken in; at most a tenth of the disk. */
  readonly diskReserveBytes?: number;
  /** Accept lease times that differ from the cluster's; safe only while every node is stopped. */
  readonly newLease?: boolean;
  /** The data were restored from a copy: nothing is decided about an arc before all of its members have spoken. */
  readonly restored?: boolean;
  readonly tls?: TlsFiles;
  /** Finds out which process answers at the address that a node advertises. Connects to it when absent. */
  readonly nodeCheck?: NodeCheck;
  readonly log?: Logger;
  /** Are told of what happens, beside the log and the meter. */
  readonly observers?: readonly RegistryObserver[];
  /** Counts what happens; one for each registry. */
  readonly meter?: Meter;
  /** Called when the registry cannot continue, say because its disk is full. It has stopped by then. */
  readonly onFatal?: (error: Error) => void;
}

export interface RunningRegistry {
  /** Its URL. */
  readonly address: string;
  readonly port: number;
  readonly clusterId: string;
  /** The ring as it is on disk. */
  ring(): Ring;
  /** Why no new nodes, or no changes at all, are accepted at present; undefined while the disk has room. */
  roomLacking(): string | undefined;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** How long calls in flight may take when the registry stops. */
const STOP_DEADLINE_MS = 2_000;
const LOOKS_PER_LEASE = 4;

/** Throws a RingError that says what is wrong: a port in use, a data folder in use or damaged, an option. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const given = configOf(options);
  const log = options.log ?? silentLogger;
  const tls = await loadTls(options.tls ?? {});
  const life = new Lifecycle(2 * STOP_DEADLINE_MS);
  try {
    const { store, watch } = await openStore(options, life);
    const found = store.load();
    const config = asBegun(given, options.parameters, found);
    const state = await stateToStartWith(store, found, config.parameters, options.newLease ?? false);
    const clock = new MonotonicClock();
    const tools = { positionOfText, restored: options.restored ?? false };
    const coreOf = (from: RegistryState, at: number): RegistryCore =>
      new RegistryCore(config, tools, from, at);
    const fatal = (error: Error): void => {
      log.error('the registry cannot continue', { error });
      life.stop().then(
        () => options.onFatal?.(error),
        () => options.onFatal?.(error),
      );
    };
    const now = (): number => clock.now();
    const server = new GrpcServer(tls, log.child('server'));
    const health = new Health(server.grpc, [REGISTRY_SERVICE]);
    const onRoom = (lacking: string | undefined): void => health.setRoom(lacking === undefined);
    const observer = observersOf(options, log);
    server.onRefusal(() => observer.callerRefused?.());
    const host = new RegistryHost(state, { store, coreOf, now, log, observer, onRoom, onFatal: fatal });
    await addGauges(options.meter, host, life);
    const settings = {
      ringTimeMs: new RingClock().nowMs,
      leaseMs: () => config.parameters.leaseMs,
      nodeCheck: options.nodeCheck ?? ((addr) => processAt(addr)),
    };
    server.addService(registry.RegistryService, registryHandlers(host, settings));
    addReflection(server.grpc, [REGISTRY_SERVICE]);
    await life.start(() => ({ name: 'gRPC server', stop: () => server.stop(STOP_DEADLINE_MS) }));
    await life.start(() => ({ name: 'registry host', drain: () => host.stop(), stop: () => host.stop() }));
    if (watch) await life.start(() => watchFolder(watch, config.parameters, host));
    const endpoint = endpointOf(options);
    const port = await server.listen(endpoint);
    health.setServing(true);
    await life.start(() => ({
      name: 'health',
      drain: () => health.setServing(false),
      stop: () => undefined,
    }));
    return {
      address: addressUrl({ secure: tls.identity !== undefined, host: endpoint.host, port }),
      port,
      clusterId: state.ring.clusterId,
      ring: () => host.ring,
      roomLacking: () => host.roomLacking,
      stop: () => life.stop(),
    };
  } catch (error) {
    await life.stop();
    throw error;
  }
}

function configOf(options: RegistryOptions): RegistryConfig {
  return {
    parameters: checkParameters(options.parameters ?? {}),
    placement: options.placement ?? DEFAULT_CONFIG.placement,
    forgetAfterMs: options.forgetAfterMs ?? DEFAULT_CONFIG.forgetAfterMs,
    returnWaitMs: options.returnWaitMs ?? DEFAULT_CONFIG.returnWaitMs,
    historyChangesMax: options.historyChangesMax ?? DEFAULT_CONFIG.historyChangesMax,
  };
}

/** A ring that was found stays in some things as it began. Throws FAILED_PRECONDITION when something else is asked for. */
function asBegun(
  config: RegistryConfig,
  asked: Partial<ClusterParameters> | undefined,
  found: RegistryState | undefined,
): RegistryConfig {
  if (found === undefined) return config;
  const { positionRule, keyIndex } = found.ring.parameters;
  const fault =
    positionRuleFault(positionRule, asked?.positionRule ?? positionRule) ??
    keyIndexFault(keyIndex, asked?.keyIndex ?? keyIndex);
  if (fault !== undefined) throw new RingError('FAILED_PRECONDITION', fault);
  return { ...config, parameters: { ...config.parameters, positionRule, keyIndex } };
}

/** Everybody who is told of the registry, as one: its log, its meter, and those who were given. */
function observersOf({ meter, observers = [] }: RegistryOptions, log: Logger): RegistryObserver {
  const all = [factLog(log), ...(meter ? [registryMeter(meter)] : []), ...observers];
  const faults = limited(log);
  return observersAsOne(REGISTRY_FACTS, all, (error) =>
    faults.error('an observer failed; the registry goes on', { reason: error.message }),
  );
}

async function addGauges(meter: Meter | undefined, host: RegistryHost, life: Lifecycle): Promise<void> {
  if (meter === undefined) return;
  const takeBack = addRegistryGauges(meter, host);
  await life.start(() => ({ name: 'gauges', stop: takeBack }));
}

function endpointOf({ host, port, portOption }: RegistryOptions): Endpoint {
  return { host: host ?? '127.0.0.1', port: port ?? 0, portOption };
}

interface OpenStore {
  readonly store: RingStore;
  /** Of its folder, if it has one. */
  readonly watch: FolderWatch | undefined;
}

async function openStore(options: RegistryOptions, life: Lifecycle): Promise<OpenStore> {
  if ((options.storage ?? 'memory') === 'memory') return { store: new MemoryRingStore(), watch: undefined };
  const { dataDir, diskReserveBytes } = options;
  if (dataDir === undefined) throw new RingError('INVALID_ARGUMENT', 'storage on disk needs a data folder');
  const lock: FolderLock = await lockFolder(dataDir, 'a registry');
  await life.start(() => ({ name: 'folder lock', stop: () => lock.release() }));
  const folder = join(dataDir, 'ring');
  const store = new LmdbRingStore(folder, new SaveRoom(folder, diskReserveBytes));
  await life.start(() => ({ name: 'ring store', stop: () => store.close() }));
  await makeLmdbDurable(folder);
  const names = ['ring', 'ring/data.mdb', ...(lock.file === undefined ? [] : [lock.file])];
  return { store, watch: await FolderWatch.of(dataDir, names) };
}

/** Looks at the folder as often as a node's heart beats: what is decided without it, nobody finds again. */
function watchFolder(watch: FolderWatch, { leaseMs }: ClusterParameters, host: RegistryHost): RepeatedLook {
  return new RepeatedLook({
    name: 'folder watch',
    look: () => watch.look(),
    pauseMs: () => leaseMs / LOOKS_PER_LEASE,
    onFault: (fault) =>
      host.end(
        new Error(
          `${fault} while the registry was running. It stops at once, because what it would decide now would be ` +
            'lost. Put the data folder back as it was and start the registry again.',
        ),
      ),
  });
}

/** The state on disk, or a new cluster's, begun anew and saved before anybody hears of it. */
async function stateToStartWith(
  store: RingStore,
  found: RegistryState | undefined,
  parameters: ClusterParameters,
  newLease: boolean,
): Promise<RegistryState> {
  if (found && found.ring.members.length > 0 && !newLease) {
    const fault = parametersFault(found.ring.parameters, parameters);
    if (fault !== undefined) throw new RingError('FAILED_PRECONDITION', fault);
  }
  const run = randomRun();
  const state = found ? begun(found, parameters, run) : newState(randomUUID(), parameters, run);
  await store.save(state);
  return state;
}

/** Never 0, which stands for none. */
function randomRun(): RunId {
  return randomBytes(8).readBigUInt64BE() || 1n;
}
