/** A ring in this process: a registry and nodes on loopback, free ports, temporary folders. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry, type RegistryOptions, type RunningRegistry } from '@ringkeep/registry';
import type { ClusterParameters, Ring } from '@ringkeep/shared';
import { RingNode, type NodeOptions } from '../../src';

export class TestRing {
  readonly nodes: RingNode[] = [];
  /** Those that did not come up in time as well: they are stopped with the ring. */
  private readonly begun: RingNode[] = [];
  /** Nodes that could not go on, and why. */
  readonly failures: string[] = [];

  private constructor(
    readonly registry: RunningRegistry,
    readonly folder: string,
  ) {}

  static async start(
    parameters: Partial<ClusterParameters> = {},
    options: RegistryOptions = {},
  ): Promise<TestRing> {
    const folder = await mkdtemp(join(tmpdir(), 'ringkeep-'));
    const registry = await startRegistry({ parameters, port: 0, ...options });
    return new TestRing(registry, folder);
  }

  async addNode(options: Partial<NodeOptions> = {}): Promise<RingNode> {
    const node = RingNode.prepare({
      port: 0,
      storage: 'memory',
      registry: options.join === undefined ? this.registry.address : undefined,
      registryTimeoutMs: 10_000,
      onFailure: (error) => this.failures.push(error.message),
      ...options,
    });
    this.begun.push(node);
    await node.start();
    this.nodes.push(node);
    return node;
  }

  addNodes(count: number, options: Partial<NodeOptions> = {}): Promise<RingNode[]> {
    return Promise.all(Array.from({ length: count }, () => this.addNode(options)));
  }

  dataDir(name: string): string {
    return join(this.folder, name);
  }

  /** Waits until every node says that nothing is left to do. */
  async untilSettled(nodes: readonly RingNode[] = this.nodes): Promise<void> {
    await this.until(() => {
      const versions = new Set(nodes.map((node) => node.status().ring.version));
      return versions.size === 1 && nodes.every((node) => node.status().settled);
    });
  }

  /** Waits for something that the ring comes to by itself. */
  async until(condition: () => boolean, withinMs = 20_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!condition()) {
      if (this.failures.length > 0) throw new Error(`a node failed: ${this.failures.join('; ')}`);
      if (Date.now() > deadline)
        throw new Error(`not within ${withinMs} ms; the ring: ${describe(this.registry.ring())}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.begun.map((node) => node.stop()));
    await this.registry.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function describe(ring: Ring): string {
  return JSON.stringify(ring, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString(16) : value,
  );
}
