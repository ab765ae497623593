/**
 * A ring of real processes in one folder: started, killed, paused and started again at the same addresses.
 *
 * With `links`, everything that goes to a node, and everything that goes from a node to the registry, passes through a
 * link that can fail (tcp-link.ts).
 */

import { join } from 'node:path';
import { freePort } from './ports';
import { localPortsOf } from './process-ports';
import { RingProcess, type ProcessOptions } from './processes';
import { untilSettled } from './ring-client';
import { TcpLink } from './tcp-link';
import type { dht } from '@ringkeep/shared/wire';

export interface LocalRingOptions {
  readonly folder: string;
  readonly replicationFactor?: number;
  readonly links?: boolean;
  /** Flags of the registry, each time that it starts. */
  readonly registryArgs?: readonly string[];
  /** Flags of every node, in addition to those for its place. */
  readonly nodeArgs?: readonly string[];
  /** Added to the environment of every node. */
  readonly nodeEnv?: Readonly<Record<string, string>>;
  /** Makes what the data folder of a process is to be on, before the process starts for the first time. */
  readonly prepareFolder?: (name: string) => Promise<void>;
  /** A built checkout of another version, whose programs are run instead of these. */
  readonly checkout?: string;
  /** Writes what each process prints to a file in this folder. */
  readonly logFolder?: string;
  /** Called with a process that ended although nobody asked it to. */
  readonly onUnexpectedEnd?: (process: RingProcess, code: number | NodeJS.Signals) => void;
}

/** Where a node lives: its port and folder stay the same from one process to the next. */
export interface NodePlace {
  readonly name: string;
  readonly port: number;
  readonly links: NodeLinks | undefined;
  readonly process: RingProcess | undefined;
}

export interface NodeLinks {
  /** What others send to the node passes through it. */
  readonly node: TcpLink;
  /** What the node sends to the registry passes through it. */
  readonly registry: TcpLink;
}

interface Place extends NodePlace {
  process: RingProcess | undefined;
  leaving: boolean;
}

const SETTLE_MS = 120_000;
const REGISTRY = 'registry';
/** How long a starting node waits for the registry: longer than any script keeps it down. */
const REGISTRY_TIMEOUT = '10m';
/** A node that refuses its data folder does so at once. */
const REFUSAL_MS = 30_000;

export class LocalRing {
  private readonly nodes: Place[] = [];
  private registryProcess: RingProcess | undefined;
  private placesMade = 0;

  private constructor(
    private readonly options: LocalRingOptions,
    private readonly registryPort: number,
  ) {}

  static async start(options: LocalRingOptions, nodes: number): Promise<LocalRing> {
    const ring = new LocalRing(options, await freePort());
    try {
      await options.prepareFolder?.(REGISTRY);
      await ring.startRegistry();
      await ring.addNodes(nodes);
      return ring;
    } catch (error) {
      await ring.stop();
      throw error;
    }
  }

  get registryAddress(): string {
    return `127.0.0.1:${this.registryPort}`;
  }

  get places(): readonly NodePlace[] {
    return this.nodes;
  }

  /** The addresses of the nodes that run, past all links. */
  get addresses(): string[] {
    return this.nodes.filter(({ process }) => process?.running).map(addressOf);
  }

  /** The processes of the registry and of the nodes that run. */
  get pids(): number[] {
    const processes = [this.registryProcess, ...this.nodes.map(({ process }) => process)];
    return processes.filter((process) => process?.running).map((process) => (process as RingProcess).pid);
  }

  /** Starts nodes all at once. Returns their addresses when all have joined. */
  async addNodes(count: number): Promise<string[]> {
    const added: Place[] = [];
    for (let i = 0; i < count; i++) {
      const port = await freePort();
      const links = this.options.links
        ? { node: await TcpLink.open(port), registry: await TcpLink.open(this.registryPort) }
        : undefined;
      const name = `node-${++this.placesMade}`;
      await this.options.prepareFolder?.(name);
      added.push({ name, port, links, process: undefined, leaving: false });
    }
    this.nodes.push(...added);
    await Promise.all(added.map((place) => this.startNode(place)));
    return added.map(addressOf);
  }

  /** Starts the node of a place that has none. Returns when it answers. */
  async startNode(place: NodePlace, more: readonly string[] = []): Promise<void> {
    const process = this.spawnNode(place, more);
    const own = this.nodes.find((known) => known === place);
    if (own) own.process = process;
    this.watch(process, () => own?.leaving === true);
    await process.ready;
  }

  /** Starts the node of a place and expects it to refuse. Returns its output and exit code. */
  async startInVain(
    place: NodePlace,
  ): Promise<{ readonly code: number | NodeJS.Signals; readonly lines: readonly string[] }> {
    const process = this.spawnNode(place, []);
    const late = setTimeout(() => process.signal('SIGKILL'), REFUSAL_MS);
    const code = await process.exited;
    clearTimeout(late);
    return { code, lines: process.lastLines };
  }

  async startRegistry(more: readonly string[] = []): Promise<void> {
    const { replicationFactor, registryArgs = [] } = this.options;
    const copies = replicationFactor === undefined ? [] : ['--replication-factor', String(replicationFactor)];
    const args = [
      '--port',
      String(this.registryPort),
      '--data-dir',
      this.folderOf(REGISTRY),
      ...copies,
      ...registryArgs,
      ...more,
    ];
    this.registryProcess = RingProcess.start('registry', args, this.processOptions(REGISTRY));
    this.watch(this.registryProcess, () => false);
    await this.registryProcess.ready;
  }

  /** Where a node, or the registry, has its data. */
  folderOf(whose: NodePlace | typeof REGISTRY): string {
    return join(this.options.folder, whose === REGISTRY ? REGISTRY : whose.name);
  }

  /** Ends nodes without warning, all at once. */
  async killNodes(places: readonly NodePlace[]): Promise<void> {
    await Promise.all(places.map(({ process }) => kill(process)));
  }

  /**
   * Cuts a node off from the registry and from all other nodes, but from nobody else. Needs links, and a machine that
   * tells whose a connection is. Returns a function that ends the cut.
   */
  cutOff(place: NodePlace): () => void {
    place.links?.registry.impair({ cutTo: true, cutFrom: true });
    const mend = this.cutFromNodes(place);
    return () => {
      mend();
      place.links?.registry.mend();
    };
  }

  /** The same, but the registry and the node still hear each other. */
  cutFromNodes(place: NodePlace): () => void {
    const others = this.nodes.filter((other) => other !== place);
    const portsOf = (places: readonly NodePlace[]): ReadonlySet<number> =>
      localPortsOf(places.flatMap(({ process }) => (process?.running ? [process.pid] : [])));
    const [own, foreign] = [portsOf([place]), portsOf(others)];
    place.links?.node.cutOff(() => portsOf(others), foreign);
    for (const { links } of others) links?.node.cutOff(() => portsOf([place]), own);
    return () => {
      for (const { links } of this.nodes) links?.node.mend();
    };
  }

  async killRegistry(): Promise<void> {
    await kill(this.registryProcess);
  }

  /** From now on the registry may end by itself. */
  expectRegistryEnd(): void {
    this.registryProcess?.expectEnd();
  }

  signalRegistry(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.registryProcess?.signal(signal);
  }

  /** Ends the registry and every node without warning. */
  async killAll(): Promise<void> {
    await Promise.all([this.killRegistry(), this.killNodes(this.nodes)]);
  }

  /** Starts the registry and every node that has not left again, at once. */
  async startAll(): Promise<void> {
    await Promise.all([
      this.startRegistry(),
      ...this.nodes.filter(({ process }) => !process?.running).map((place) => this.startNode(place)),
    ]);
  }

  /** The node at an address is about to leave and may end by itself. */
  expectLeave(address: string): void {
    const place = this.nodes.find((known) => addressOf(known) === address);
    if (place) place.leaving = true;
  }

  /** A node has left: it ends by itself, and is not started again. */
  async forget(address: string): Promise<void> {
    const index = this.nodes.findIndex((place) => addressOf(place) === address);
    const [place] = this.nodes.splice(index, 1);
    if (place) place.leaving = true;
    await place?.process?.exited;
    await closeLinks(place);
  }

  settled(withinMs = SETTLE_MS): Promise<dht.NodeDescription[]> {
    return untilSettled(this.addresses, withinMs);
  }

  /** Ends everything in order, including paused processes. */
  async stop(): Promise<void> {
    const all = [...this.nodes.map(({ process }) => process), this.registryProcess];
    for (const process of all) process?.signal('SIGCONT');
    await Promise.all(this.nodes.map(({ process }) => process?.stop()));
    await this.registryProcess?.stop();
    await Promise.all(this.nodes.map(closeLinks));
  }

  /** For the last moment of this process: a paused node would never notice that this process is gone. */
  killNow(): void {
    for (const { process } of this.nodes) process?.signal('SIGKILL');
    this.registryProcess?.signal('SIGKILL');
  }

  private spawnNode(place: NodePlace, more: readonly string[]): RingProcess {
    const { links } = place;
    const registry = links ? `127.0.0.1:${links.registry.port}` : this.registryAddress;
    const args = [String(place.port), '--registry', registry, '--registry-timeout', REGISTRY_TIMEOUT];
    args.push('--data-dir', this.folderOf(place), ...(this.options.nodeArgs ?? []), ...more);
    if (links) args.push('--advertise', `127.0.0.1:${links.node.port}`);
    const env = this.options.nodeEnv ?? {};
    return RingProcess.start('node', args, { ...this.processOptions(place.name), env });
  }

  private processOptions(name: string): ProcessOptions {
    const { logFolder, checkout } = this.options;
    const logging = logFolder === undefined ? {} : { logFile: join(logFolder, `${name}.log`) };
    return checkout === undefined ? logging : { ...logging, checkout };
  }

  private watch(process: RingProcess, leaves: () => boolean): void {
    void process.exited.then((code) => {
      if (process.expectedToEnd || (code === 0 && leaves())) return;
      this.options.onUnexpectedEnd?.(process, code);
    });
  }
}

/** The address of a node past its link. */
export function addressOf(place: NodePlace): string {
  return `127.0.0.1:${place.port}`;
}

/** The address under which others reach a node. */
export function publicAddressOf(place: NodePlace): string {
  return `127.0.0.1:${place.links?.node.port ?? place.port}`;
}

async function closeLinks(place: NodePlace | undefined): Promise<void> {
  await Promise.all([place?.links?.node.close(), place?.links?.registry.close()]);
}

async function kill(process: RingProcess | undefined): Promise<void> {
  process?.signal('SIGKILL');
  await process?.exited;
}
