/**
 * `npm run survival`: what a ring with three copies must survive, with real processes. Ends with 1 if it does not.
 *
 * 1. 30 % of the nodes are killed at once, no three of them neighbours: everything that was acknowledged is readable,
 *    and the ring returns to three copies by itself.
 * 2. Three neighbours are killed at once: the keys of which they held all copies answer UNAVAILABLE, and all others are
 *    right. When the processes start again with their disks, everything is there.
 * 3. The registry is dead for a minute: reads and writes go on without an error.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { RingClient } from '@ringkeep/client';
import { Random } from '@ringkeep/shared';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { countCopies } from './copies';
import { CountingLoad } from './counting-load';
import {
  addressOf,
  type LocalRing,
  type NodePlace,
  connectedNodes,
  ringTable,
  verdict,
  withTemporaryRing,
} from '@ringkeep/local-ring';
import { WrittenKeys, type ReadBack } from './written-keys';

const REPLICATION_FACTOR = 3;
const SHARE_KILLED = 0.3;
/** Longer than a takeover: what is still refused after it has no copy left. */
const TAKEOVER_MS = 15_000;
const COPIES_MS = 20_000;

const specs = {
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes of the ring',
    read: optionValues.integer(7, 32),
    default: 12,
  }),
  keys: option({
    flag: '--keys <count>',
    text: 'keys that are written first',
    read: optionValues.integer(100, 1_000_000),
    default: 5_000,
  }),
  outageSeconds: option({
    flag: '--outage-seconds <count>',
    text: 'how long the registry is dead',
    read: optionValues.integer(1, 3_600),
    default: 60,
  }),
  seed: option({
    flag: '--seed <number>',
    text: 'seed that picks the nodes to kill',
    read: optionValues.integer(0, 2 ** 31),
    default: 1,
  }),
};

const script = {
  name: 'npm run survival --',
  text: 'Kills a third of a ring, three neighbours, and the registry, and checks what is left.',
  specs,
};

runScript(script, (options) =>
  withTemporaryRing(
    { name: 'survival', nodes: options.nodes, replicationFactor: REPLICATION_FACTOR },
    async ({ ring, client, unexpectedEnds }) => {
      const survival = new Survival(ring, client, new Random(options.seed));
      const broken = await survival.run(options.keys, options.outageSeconds * 1_000);
      return verdict([...broken, ...unexpectedEnds], `all of it survived (seed ${options.seed})`);
    },
  ),
);

class Survival {
  private readonly broken: string[] = [];
  private readonly written: WrittenKeys;

  constructor(
    private readonly ring: LocalRing,
    private readonly client: RingClient,
    private readonly random: Random,
  ) {
    this.written = new WrittenKeys(client);
  }

  async run(keys: number, registryOutageMs: number): Promise<readonly string[]> {
    await this.written.write(keys);
    await this.checkCopies('at first');
    await this.killScattered();
    await this.killNeighbours();
    await this.killRegistry(registryOutageMs);
    return this.broken;
  }

  private async killScattered(): Promise<void> {
    const circle = await this.circle();
    const victims = scattered(circle, Math.floor(circle.length * SHARE_KILLED), this.random);
    console.log(`\nkilled at once: ${names(victims)} of ${circle.length} nodes`);
    const startedMs = performance.now();
    await this.ring.killNodes(victims);
    const read = await this.written.readBack(TAKEOVER_MS);
    console.log(`everything was readable after ${since(startedMs)}: ${describeReadBack(read)}`);
    if (read.right !== this.written.count) this.broken.push(`30 % killed at once: ${describeReadBack(read)}`);
    await this.written.write(this.written.count);
    await this.checkCopies('30 % killed at once');
    console.log(`three copies again after ${since(startedMs)}`);
    await Promise.all(victims.map((place) => this.ring.startNode(place)));
    await this.checkCopies('30 % killed and started again');
  }

  private async killNeighbours(): Promise<void> {
    const circle = await this.circle();
    const at = this.random.below(circle.length);
    const victims = [0, 1, 2].map((step) => circle[(at + step) % circle.length] as NodePlace);
    console.log(`\nkilled at once, neighbours: ${names(victims)}`);
    await this.ring.killNodes(victims);
    const read = await this.written.readBack(TAKEOVER_MS);
    console.log(`after ${TAKEOVER_MS / 1000} s: ${describeReadBack(read)}`);
    if (read.wrong > 0 || read.otherErrors.length > 0)
      this.broken.push(`three neighbours killed: ${describeReadBack(read)}`);
    if (read.unavailable === 0 || read.right === 0)
      this.broken.push(`three neighbours killed, but ${describeReadBack(read)}`);
    const startedMs = performance.now();
    await Promise.all(victims.map((place) => this.ring.startNode(place)));
    const back = await this.written.readBack(TAKEOVER_MS);
    console.log(`${since(startedMs)} after they were started again: ${describeReadBack(back)}`);
    if (back.right !== this.written.count)
      this.broken.push(`three neighbours started again: ${describeReadBack(back)}`);
    await this.checkCopies('three neighbours started again');
  }

  private async killRegistry(forMs: number): Promise<void> {
    console.log(`\nthe registry is killed for ${forMs / 1000} s`);
    const load = new CountingLoad(this.client, this.random.fork(), 'load');
    load.start(16, 8, 16);
    await this.ring.killRegistry();
    await pause(forMs);
    await this.ring.startRegistry();
    await this.ring.settled();
    const { writes, reads, faults, longestMs } = await load.stop();
    console.log(
      `${writes} writes and ${reads} reads meanwhile, ${faults.length} failed or wrong, the slowest took ${Math.round(longestMs)} ms`,
    );
    this.broken.push(...faults.map((fault) => `registry dead: ${fault}`));
    await this.checkCopies('the registry was dead');
  }

  /** The nodes in the order of the ring. */
  private async circle(): Promise<NodePlace[]> {
    const nodes = await connectedNodes(this.ring.registryAddress);
    return nodes.flatMap(({ addr }) =>
      this.ring.places.filter((place) => addr.endsWith(`//${addressOf(place)}`)),
    );
  }

  private async checkCopies(when: string): Promise<void> {
    const { nodes, owned, held, complete } = await countCopies(
      this.ring,
      REPLICATION_FACTOR,
      COPIES_MS,
      this.written.count,
    );
    console.log(`${when}: ${owned} keys, ${held} copies on ${nodes.length} nodes`);
    if (!complete) this.broken.push(`${when}: ${held} copies of ${owned} keys\n${ringTable(nodes)}`);
  }
}

/**
 * As many nodes of the circle as possible without three neighbours among them: every arc keeps one of its three copies.
 */
function scattered(circle: readonly NodePlace[], count: number, random: Random): NodePlace[] {
  for (;;) {
    const victims = new Set(random.shuffle([...circle]).slice(0, count));
    const three = circle.some((_, at) =>
      [0, 1, 2].every((step) => victims.has(circle[(at + step) % circle.length] as NodePlace)),
    );
    if (!three) return [...victims];
  }
}

function describeReadBack({ right, unavailable, wrong, otherErrors }: ReadBack): string {
  const others = otherErrors.length === 0 ? '' : `, ${otherErrors.length} other errors (${otherErrors[0]})`;
  return `${right} keys right, ${unavailable} unavailable, ${wrong} wrong${others}`;
}

function names(places: readonly NodePlace[]): string {
  return places.map(({ name }) => name).join(', ');
}

function since(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}
