/**
 * `npm run bench-failover`: how long keys cannot be written after their owner was ended by kill -9.
 *
 * Writers, each with one key of one node and never more than one write outstanding, write as fast as they are
 * answered. The node is killed; a key is writable again with the first acknowledgement of a write that was
 * called after that. The node comes back before the next round. Default settings, three copies.
 */

import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { RingClient } from '@ringkeep/client';
import { DEFAULT_PARAMETERS, position, RingView, type NodeId } from '@ringkeep/shared';
import { bytesOfText, option, optionValues, ringKeyOf } from '@ringkeep/shared/runtime';
import { addressOf, type LocalRing, type NodePlace } from '../local-ring';
import { describeNode } from '../ring-client';
import { table } from '../ring-table';
import { runScript } from '../script';
import { withTemporaryRing } from '../temporary-ring';

const specs = {
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes of the ring',
    read: optionValues.integer(3, 16),
    default: 5,
  }),
  rounds: option({
    flag: '--rounds <count>',
    text: 'how often a node is killed',
    read: optionValues.integer(1, 1_000),
    default: 10,
  }),
  writers: option({
    flag: '--writers <count>',
    text: 'keys that are written, one writer each',
    read: optionValues.integer(1, 1_000),
    default: 16,
  }),
};

const script = {
  name: 'npm run bench-failover --',
  text: 'Measures how long keys cannot be written after kill -9 of their owner.',
  specs,
};

const REPLICATION_FACTOR = 3;
const WARM_UP_MS = 1_000;
const WRITE_MS = 60_000;

runScript(script, (options) =>
  withTemporaryRing(
    { name: 'failover', nodes: options.nodes, replicationFactor: REPLICATION_FACTOR },
    async ({ ring, client }) => {
      const rows: string[][] = [];
      const all: number[] = [];
      for (let round = 0; round < options.rounds; round++) {
        await ring.settled();
        const victim = ring.places[round % options.nodes] as NodePlace;
        const outages = await killOwner(ring, client, victim, options.writers);
        all.push(...outages);
        rows.push([
          String(round + 1),
          victim.name,
          ...[Math.min(...outages), median(outages), Math.max(...outages)].map((ms) => ms.toFixed(0)),
        ]);
        console.log(`round ${rows.at(-1)?.join(', ')} ms`);
        await ring.startNode(victim);
      }
      console.log(
        `\n${cpus().length} cores, Node ${process.version}, ${options.nodes} nodes, ${REPLICATION_FACTOR} copies, durability always\n` +
          table(['round', 'killed', 'first key, ms', 'median, ms', 'last key, ms'], rows),
      );
      console.log(
        `writable again after: median ${describe(median(all))}, worst ${describe(Math.max(...all))}, ` +
          `over ${all.length} keys in ${rows.length} rounds`,
      );
      return 0;
    },
  ),
);

/** For each key of the victim, ms from its death to the first acknowledged write that was called after it. */
async function killOwner(
  ring: LocalRing,
  client: RingClient,
  victim: NodePlace,
  writers: number,
): Promise<number[]> {
  const description = await describeNode(addressOf(victim));
  if (!description) throw new Error(`${victim.name} does not answer`);
  const view = new RingView(client.ring());
  const own = keysOf(view, position(description.id), writers).map((key) => new Writer(client, key));
  const running = own.map((writer) => writer.run());
  await pause(WARM_UP_MS);
  const killedAtMs = performance.now();
  const dead = ring.killNodes([victim]);
  const outages = await Promise.all(own.map((writer) => writer.writableAgain(killedAtMs)));
  await dead;
  for (const writer of own) writer.stop();
  await Promise.all(running);
  return outages;
}

function keysOf(view: RingView, owner: NodeId, count: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const key = `key ${i}`;
    if (view.arcOfKey(ringKeyOf(bytesOfText(key)))?.primary === owner) keys.push(key);
  }
  return keys;
}

class Writer {
  private running = true;
  private acknowledged: (calledAtMs: number) => void = () => undefined;

  constructor(
    private readonly client: RingClient,
    private readonly key: string,
  ) {}

  async run(): Promise<void> {
    for (let turn = 0; this.running; turn++) {
      const calledAtMs = performance.now();
      // A write that was under way when the node died is of unknown outcome; the next one is what counts.
      const done = await this.client.set(this.key, String(turn), { deadlineMs: WRITE_MS }).then(
        () => true,
        () => false,
      );
      if (done) this.acknowledged(calledAtMs);
    }
  }

  writableAgain(sinceMs: number): Promise<number> {
    return new Promise((resolve) => {
      this.acknowledged = (calledAtMs) => {
        if (calledAtMs > sinceMs) resolve(performance.now() - sinceMs);
      };
    });
  }

  stop(): void {
    this.running = false;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

function describe(ms: number): string {
  return `${ms.toFixed(0)} ms (${(ms / DEFAULT_PARAMETERS.leaseMs).toFixed(2)} leases of ${DEFAULT_PARAMETERS.leaseMs} ms)`;
}
