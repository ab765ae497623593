/** What tests with real processes have in common: a folder, processes that end with the test, peers to talk to them. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, NodePeer } from '../../packages/dht-node/test/server/node-peer';
import { freePort, RingProcess } from '@ringkeep/local-ring';

const SHORT_LEASES = ['--lease', '500ms', '--lease-margin', '100ms'];

export class ProcessTest {
  private readonly processes: RingProcess[] = [];
  private readonly peers: NodePeer[] = [];

  private constructor(readonly folder: string) {}

  static async begin(): Promise<ProcessTest> {
    return new ProcessTest(await mkdtemp(join(tmpdir(), 'ringkeep-processes-')));
  }

  dataDir(name: string): string {
    return join(this.folder, name);
  }

  /** A node that may or may not come up. */
  run(args: readonly string[], env: Record<string, string> = {}): RingProcess {
    const process = RingProcess.start('node', args, { env });
    this.processes.push(process);
    return process;
  }

  async registry(
    port?: number,
    name = 'registry',
    leases = SHORT_LEASES,
    more: readonly string[] = [],
  ): Promise<Server> {
    const at = port ?? (await freePort());
    const args = ['--port', String(at), '--data-dir', this.dataDir(name), ...leases, ...more];
    const process = RingProcess.start('registry', args);
    this.processes.push(process);
    await process.ready;
    return { process, address: `127.0.0.1:${at}`, port: at };
  }

  /** A node that has joined, on disk unless told otherwise. */
  async node(registry: Server, name: string, more: readonly string[] = [], at?: number): Promise<Server> {
    const port = at ?? (await freePort());
    const storage = more.includes('--storage') ? [] : ['--data-dir', this.dataDir(name)];
    const process = this.run([String(port), '--registry', registry.address, ...storage, ...more]);
    await process.ready;
    return { process, address: `127.0.0.1:${port}`, port };
  }

  peer(server: Server): NodePeer {
    const peer = new NodePeer(server.address);
    this.peers.push(peer);
    return peer;
  }

  async end(): Promise<void> {
    for (const peer of this.peers) peer.close();
    await kill(...this.processes);
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface Server {
  readonly process: RingProcess;
  readonly address: string;
  readonly port: number;
}

/** When the nodes have nothing left to do, all in the same ring. */
export const settled = (...peers: NodePeer[]): Promise<void> =>
  eventually('the ring settles', async () => {
    const nodes = await Promise.all(peers.map((peer) => peer.describe()));
    return nodes.every((node) => node.settled) && new Set(nodes.map((node) => node.ringVersion)).size === 1;
  });

/** Ends processes without warning, all at once. */
export async function kill(...processes: RingProcess[]): Promise<void> {
  for (const process of processes) process.signal('SIGKILL');
  await Promise.all(processes.map((process) => process.exited));
}

export const saidBy = (process: RingProcess): string => process.lastLines.join('\n');
