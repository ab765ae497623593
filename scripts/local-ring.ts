/** A ring of real processes in one folder: started, killed and started again at the same addresses. */

import { join } from 'node:path';
import { freePort } from './free-port';
import { RingProcess } from './processes';
import { untilSettled } from './ring-client';
import type { dht } from '@ringkeep/shared/wire';

export interface LocalRingOptions {
  readonly folder: string;
  readonly replicationFactor?: number;
}

interface Place {
  readonly name: string;
  readonly port: number;
  process: RingProcess | undefined;
}

const SETTLE_MS = 120_000;

export class LocalRing {
  private readonly places: Place[] = [];
  private registryProcess: RingProcess | undefined;

  private constructor(
    private readonly options: LocalRingOptions,
    private readonly registryPort: number,
  ) {}

  static async start(options: LocalRingOptions, nodes: number): Promise<LocalRing> {
    const ring = new LocalRing(options, await freePort());
    await ring.startRegistry();
    await ring.addNodes(nodes);
    return ring;
  }

  get registryAddress(): string {
    return `127.0.0.1:${this.registryPort}`;
  }

  /** The addresses of the nodes that run. */
  get addresses(): string[] {
    return this.places.filter(({ process }) => process?.running).map(addressOf);
  }

  /** Starts nodes all at once. Returns their addresses when all have joined. */
  async addNodes(count: number): Promise<string[]> {
    const added: Place[] = [];
    for (let i = 0; i < count; i++) {
      const port = await freePort();
      added.push({ name: `node-${this.places.length + i + 1}`, port, process: undefined });
    }
    this.places.push(...added);
    await this.startNodes(added);
    return added.map(addressOf);
  }

  /** Ends the registry and every node without warning. */
  async killAll(): Promise<void> {
    const all = [this.registryProcess, ...this.places.map(({ process }) => process)];
    await Promise.all(all.map((process) => kill(process)));
  }

  /** Starts the registry and every node that has not left again, at once. */
  async startAll(): Promise<void> {
    await Promise.all([
      this.startRegistry(),
      this.startNodes(this.places.filter(({ process }) => !process?.running)),
    ]);
  }

  /** A node has left: it ends by itself, and is not started again. */
  async forget(address: string): Promise<void> {
    const index = this.places.findIndex((place) => addressOf(place) === address);
    const [place] = this.places.splice(index, 1);
    await place?.process?.exited;
  }

  settled(): Promise<dht.NodeDescription[]> {
    return untilSettled(this.addresses, SETTLE_MS);
  }

  async stop(): Promise<void> {
    await Promise.all(this.places.map(({ process }) => process?.stop()));
    await this.registryProcess?.stop();
  }

  private async startRegistry(): Promise<void> {
    const { folder, replicationFactor } = this.options;
    const copies = replicationFactor === undefined ? [] : ['--replication-factor', String(replicationFactor)];
    const args = ['--port', String(this.registryPort), '--data-dir', join(folder, 'registry'), ...copies];
    this.registryProcess = RingProcess.start('registry', args);
    await this.registryProcess.ready;
  }

  private async startNodes(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      const dataDir = join(this.options.folder, place.name);
      place.process = RingProcess.start('node', [
        String(place.port),
        '--registry',
        this.registryAddress,
        '--data-dir',
        dataDir,
      ]);
    }
    await Promise.all(places.map(({ process }) => process?.ready));
  }
}

function addressOf(place: Place): string {
  return `127.0.0.1:${place.port}`;
}

async function kill(process: RingProcess | undefined): Promise<void> {
  process?.signal('SIGKILL');
  await process?.exited;
}
