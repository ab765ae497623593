/** Nodes join and leave on real sockets while others read and write. */

import { Random } from '@ringkeep/shared';
import type { RingNode } from '../../src';
import { TestRing } from './test-ring';

const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

/** Writes ever greater numbers to its own keys through any node and checks each read against the last acknowledged. */
class Worker {
  readonly acknowledged = new Map<string, number>();
  errors: string[] = [];
  private running = true;
  private readonly done: Promise<void>;

  constructor(
    private readonly name: string,
    private readonly nodes: () => readonly RingNode[],
    private readonly random: Random,
  ) {
    this.done = this.work();
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
  }

  private async work(): Promise<void> {
    while (this.running) {
      const key = `${this.name}/${this.random.below(50)}`;
      const last = this.acknowledged.get(key);
      try {
        if (this.random.chance(0.5)) {
          const next = (last ?? 0) + 1;
          const before = text(await this.random.pick(this.nodes()).exchange(key, String(next)));
          if (before !== (last === undefined ? undefined : String(last)))
            this.errors.push(`set ${key}: before ${before}, not ${last}`);
          this.acknowledged.set(key, next);
        } else {
          const value = text(await this.random.pick(this.nodes()).get(key));
          if (value !== (last === undefined ? undefined : String(last)))
            this.errors.push(`get ${key}: ${value}, not ${last}`);
        }
      } catch (error) {
        this.errors.push(`${key}: ${(error as Error).message}`);
      }
    }
  }
}

async function readBack(nodes: readonly RingNode[], workers: readonly Worker[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const node of nodes) {
    for (const worker of workers) {
      for (const [key, value] of worker.acknowledged) {
        const found = text(await node.get(key));
        if (found !== String(value)) wrong.push(`${key}: ${found}, not ${value}`);
      }
    }
  }
  return wrong;
}

const totalKeys = (nodes: readonly RingNode[]): number =>
  nodes.flatMap((node) => node.status().replicas).reduce((sum, replica) => sum + replica.keys, 0);

describe.each([1, 3])('with replication factor %d', (replicationFactor) => {
  let ring: TestRing;

  beforeEach(async () => {
    ring = await TestRing.start({ replicationFactor });
  });

  afterEach(async () => {
    await ring.stop();
  });

  test('a lone node stores, returns and removes values', async () => {
    const node = await ring.addNode();
    expect(await node.get('city')).toBeUndefined();
    expect(await node.exchange('city', 'Faro')).toBeUndefined();
    expect(text(await node.exchange('city', 'Porto'))).toBe('Faro');
    expect(await node.set('city', 'Lisboa')).toBeUndefined();
    expect(text(await node.get('city'))).toBe('Lisboa');
    expect(text(await node.delete('city'))).toBe('Lisboa');
    expect(await node.get('city')).toBeUndefined();
  });

  test('a node writes on a condition for the program around it, and tells versions', async () => {
    const node = await ring.addNode();
    const first = await node.set('city', 'Faro', { ifAbsent: true });
    expect(first).toMatchObject({ done: true, value: undefined });
    expect(await node.set('city', 'Porto', { ifAbsent: true, showPresent: true })).toMatchObject({
      done: false,
      version: first.version,
      value: Buffer.from('Faro'),
    });
    const second = await node.exchange('city', 'Porto', { ifVersion: first.version });
    expect(second).toMatchObject({ done: true, value: Buffer.from('Faro') });
    expect(second.version).toBeGreaterThan(first.version);
    expect(await node.getVersioned('city')).toMatchObject({
      value: Buffer.from('Porto'),
      version: second.version,
    });
    expect(await node.delete('city', { ifValue: 'Faro' })).toMatchObject({ done: false });
    expect(await node.delete('city', { ifValue: 'Porto' })).toMatchObject({ done: true });
    expect(await node.getVersioned('city')).toBeUndefined();
    await expect(node.set('city', 'Faro', { ifVersion: 0.5 })).rejects.toThrow(
      'ifVersion must be an integer',
    );
  });

  test('every node answers for every key, and each key is held by as many nodes as it should be', async () => {
    await ring.addNode();
    await ring.addNodes(3);
    const [first] = ring.nodes as [RingNode];
    await ring.untilSettled();
    await Promise.all(Array.from({ length: 500 }, (_, i) => first.set(`key ${i}`, `value ${i}`)));
    for (const node of ring.nodes) {
      const values = await Promise.all(Array.from({ length: 500 }, (_, i) => node.get(`key ${i}`)));
      expect(values.map(text)).toEqual(values.map((_, i) => `value ${i}`));
    }
    await ring.until(() => totalKeys(ring.nodes) === 500 * replicationFactor);
  });

  test('nodes join at once and leave at once under load: no write is lost, no read fails or goes back', async () => {
    const seed = 1;
    await ring.addNodes(2);
    await ring.untilSettled();
    const staying = [...ring.nodes];
    let reachable: readonly RingNode[] = staying;
    const random = new Random(seed);
    const workers = Array.from(
      { length: 8 },
      (_, i) => new Worker(`worker ${i}`, () => reachable, random.fork()),
    );
    const newcomers = await ring.addNodes(3);
    await ring.untilSettled();
    reachable = [...ring.nodes];
    expect(ring.registry.ring().arcs).toHaveLength(5);
    expect(await readBack(ring.nodes, [])).toEqual([]);
    reachable = staying;
    await Promise.all(newcomers.slice(0, 2).map((node) => node.leave()));
    const rest = ring.nodes.filter((node) => !newcomers.slice(0, 2).includes(node));
    await ring.untilSettled(rest);
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(workers.flatMap((worker) => worker.errors)).toEqual([]);
    expect(await readBack(rest, workers)).toEqual([]);
    expect(ring.registry.ring().arcs).toHaveLength(3);
    expect(ring.registry.ring().members).toHaveLength(3);
    const keys = workers.reduce((sum, worker) => sum + worker.acknowledged.size, 0);
    // Followers apply the last writes when they hear of the commit point, with the next heartbeat.
    await ring.until(() => totalKeys(rest) === keys * Math.min(replicationFactor, 3));
  });
});
