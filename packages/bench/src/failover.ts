/**
 * `npm run bench-failover`: how long keys cannot be written after their owner was killed, was stopped, was cut off, or
 * lives and is not heard any more.
 *
 * Three clients write. One was given only the victim's address, so it hears of the ring from the victim. One was given
 * another node's address, and one the registry's. Each has writers with a key of the victim's, which write as fast as
 * they are answered, with at most one write outstanding each.
 *
 * Then the victim is ended by kill -9, or stopped by SIGSTOP, or cut off from the registry and the other nodes (but not
 * from the clients), or cut off from the other nodes alone, or nobody reaches its address any more. A key is writable
 * again with the first acknowledgement of a write that was called after that. The node comes back before the next
 * round. Default settings, three copies.
 */

import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { RingClient } from '@ringkeep/client';
import { DEFAULT_PARAMETERS, position, RingView, type NodeId } from '@ringkeep/shared';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { bytesOfText, ringKeyOf } from '@ringkeep/shared/operations';
import {
  addressOf,
  type LocalRing,
  type NodePlace,
  describeNode,
  table,
  TELLS_PORTS,
  withTemporaryRing,
} from '@ringkeep/local-ring';

const specs = {
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes of the ring',
    read: optionValues.integer(3, 16),
    default: 5,
  }),
  rounds: option({
    flag: '--rounds <count>',
    text: 'how often a node fails, each time in another way',
    read: optionValues.integer(1, 1_000),
    default: 10,
  }),
  writers: option({
    flag: '--writers <count>',
    text: 'keys that each client writes, one writer each',
    read: optionValues.integer(1, 1_000),
    default: 6,
  }),
};

const script = {
  name: 'npm run bench-failover --',
  text: 'Measures how long keys cannot be written after their owner was killed, stopped, cut off or unheard.',
  specs,
};

const REPLICATION_FACTOR = 3;
const WARM_UP_MS = 1_000;
const WRITE_MS = 60_000;

type Failure = 'killed' | 'stopped' | 'not reached' | 'cut off' | 'cut from nodes';
/** Only on a machine that tells whose a connection is can some of them be cut. */
const FAILURES: readonly Failure[] = TELLS_PORTS
  ? ['killed', 'stopped', 'not reached', 'cut off', 'cut from nodes']
  : ['killed', 'stopped', 'not reached'];

interface Outage {
  readonly failure: Failure;
  /** The source from which the client learns the ring. */
  readonly fedBy: string;
  readonly ms: number;
}

runScript(script, (options) =>
  withTemporaryRing(
    { name: 'failover', nodes: options.nodes, replicationFactor: REPLICATION_FACTOR, links: true },
    async ({ ring }) => {
      const all: Outage[] = [];
      if (!TELLS_PORTS) console.log('this machine does not tell whose a connection is: no node is cut off');
      for (let round = 0; round < options.rounds; round++) {
        await ring.settled();
        const victim = ring.places[round % options.nodes] as NodePlace;
        const other = ring.places[(round + 1) % options.nodes] as NodePlace;
        const failure = FAILURES[round % FAILURES.length] as Failure;
        const outages = await failOwner(ring, victim, other, failure, options.writers);
        all.push(...outages);
        console.log(
          `round ${round + 1}: ${victim.name} ${failure}, ${groups(outages).map(summary).join('; ')}`,
        );
      }
      console.log(
        `\n${cpus().length} cores, Node ${process.version}, ${options.nodes} nodes, ${REPLICATION_FACTOR} copies, durability always\n` +
          table(
            ['the owner was', 'the client is told by', 'keys', 'median, ms', 'last key, ms'],
            groups(all).map((group) => row(group)),
          ),
      );
      const ms = all.map((outage) => outage.ms);
      console.log(
        `writable again after: median ${inLeases(median(ms))}, worst ${inLeases(Math.max(...ms))}, ` +
          `over ${ms.length} keys in ${options.rounds} rounds`,
      );
      return 0;
    },
  ),
);

/** For each key, ms from the failure of its owner to the first acknowledged write that was called after it. */
async function failOwner(
  ring: LocalRing,
  victim: NodePlace,
  other: NodePlace,
  failure: Failure,
  writers: number,
): Promise<Outage[]> {
  const description = await describeNode(addressOf(victim));
  if (!description) throw new Error(`${victim.name} does not answer`);
  const clients = {
    'the victim': await RingClient.connect({ nodes: [addressOf(victim)] }),
    'another node': await RingClient.connect({ nodes: [addressOf(other)] }),
    'the registry': await RingClient.connect({ registry: ring.registryAddress }),
  };
  try {
    const view = new RingView(clients['another node'].ring());
    const keys = keysOf(view, position(description.id), Object.keys(clients).length * writers);
    const own = Object.entries(clients).flatMap(([fedBy, client]) =>
      keys.splice(0, writers).map((key) => ({ fedBy, writer: new Writer(client, key) })),
    );
    const running = own.map(({ writer }) => writer.run());
    await pause(WARM_UP_MS);
    const failedAtMs = performance.now();
    const end = fail(ring, victim, failure);
    const outages = await Promise.all(
      own.map(async ({ fedBy, writer }) => ({ failure, fedBy, ms: await writer.writableAgain(failedAtMs) })),
    );
    for (const { writer } of own) writer.stop();
    await Promise.all(running);
    await end();
    return outages;
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.close()));
  }
}

/** Returns a function that brings the victim back. */
function fail(ring: LocalRing, victim: NodePlace, failure: Failure): () => Promise<void> {
  switch (failure) {
    case 'killed': {
      const dead = ring.killNodes([victim]);
      return () => dead.then(() => ring.startNode(victim));
    }
    case 'stopped':
      victim.process?.signal('SIGSTOP');
      return async () => victim.process?.signal('SIGCONT');
    case 'not reached':
      victim.links?.node.impair({ refusing: true });
      return async () => victim.links?.node.mend();
    case 'cut off':
    case 'cut from nodes': {
      const mend = failure === 'cut off' ? ring.cutOff(victim) : ring.cutFromNodes(victim);
      return async () => mend();
    }
  }
}

/** The outages of one failure and one kind of client each. */
function groups(outages: readonly Outage[]): Outage[][] {
  const found = new Map<string, Outage[]>();
  for (const outage of outages) {
    const name = `${outage.failure}, ${outage.fedBy}`;
    found.set(name, [...(found.get(name) ?? []), outage]);
  }
  return [...found.values()];
}

function row(group: readonly Outage[]): string[] {
  const ms = group.map((outage) => outage.ms);
  const [{ failure, fedBy }] = group as [Outage];
  return [failure, fedBy, String(ms.length), median(ms).toFixed(0), Math.max(...ms).toFixed(0)];
}

function summary(group: readonly Outage[]): string {
  const [, fedBy, , middle, last] = row(group);
  return `told by ${fedBy}: median ${middle} ms, last key ${last} ms`;
}

function keysOf(view: RingView, owner: NodeId, count: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const key = `key ${i}`;
    if (view.arcOfKey(ringKeyOf(bytesOfText(key), view.ring.parameters.positionRule))?.primary === owner)
      keys.push(key);
  }
  return keys;
}

class Writer {
  private running = true;
  private underWay = new AbortController();
  private acknowledged: (calledAtMs: number) => void = () => undefined;

  constructor(
    private readonly client: RingClient,
    private readonly key: string,
  ) {}

  async run(): Promise<void> {
    for (let turn = 0; this.running; turn++) {
      const calledAtMs = performance.now();
      this.underWay = new AbortController();
      const { signal } = this.underWay;
      const done = await this.client.set(this.key, String(turn), { deadlineMs: WRITE_MS, signal }).then(
        () => true,
        () => false,
      );
      if (done) this.acknowledged(calledAtMs);
    }
  }

  /**
   * A write that is under way when the node fails has an unknown outcome and is not waited for: the next write counts.
   */
  writableAgain(sinceMs: number): Promise<number> {
    return new Promise((resolve) => {
      this.underWay.abort();
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

function inLeases(ms: number): string {
  return `${ms.toFixed(0)} ms (${(ms / DEFAULT_PARAMETERS.leaseMs).toFixed(2)} leases of ${DEFAULT_PARAMETERS.leaseMs} ms)`;
}
