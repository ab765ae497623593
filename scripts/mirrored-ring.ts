/** A ring that is written to without pause while nodes join, leave and are killed; and a watcher that mirrors it. */

import type { Random } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared';
import type { RingClient } from '@ringkeep/client';
import { askToLeave, addressOf, type LocalRing, type NodePlace } from '@ringkeep/local-ring';
import { RingMirror, type MirrorFigures } from './ring-mirror';

export interface MirrorRun {
  readonly figures: MirrorFigures;
  readonly writes: number;
  /** Keys of which the mirror has something else than the ring at the end. */
  readonly differing: readonly string[];
}

export interface MirrorRounds {
  readonly joins: number;
  readonly leaves: number;
  readonly kills: number;
}

const KEYS = Array.from({ length: 200 }, (_, index) => `mirrored/${index}`);
const WRITERS = 8;
const OPERATION_MS = 20_000;
const LEAVE_MS = 120_000;
const CATCH_UP_MS = 20_000;

export async function mirrorThrough(
  ring: LocalRing,
  client: RingClient,
  rounds: MirrorRounds,
  random: Random,
  say: (text: string) => void = () => undefined,
): Promise<MirrorRun> {
  const mirror = await RingMirror.begin(client, 'mirrored/');
  const load = new Load(client, random);
  const troubles: (() => Promise<string>)[] = [
    ...Array.from({ length: rounds.joins }, () => () => join(ring)),
    ...Array.from({ length: rounds.leaves }, () => () => leave(ring, random)),
    ...Array.from({ length: rounds.kills }, () => () => killAndStart(ring, random)),
  ];
  for (const trouble of inOrder(troubles, rounds, random)) {
    say(await trouble());
    await ring.settled();
  }
  const writes = await load.stop();
  const differing = await mirror.differences(client, KEYS, CATCH_UP_MS);
  await mirror.stop();
  return { figures: mirror.figures, writes, differing };
}

/** Mixed; but the ring grows before it shrinks. */
function inOrder<Item>(items: readonly Item[], { joins }: MirrorRounds, random: Random): Item[] {
  const grown = items.slice(0, Math.ceil(joins / 2));
  return [...grown, ...random.shuffle(items.slice(grown.length))];
}

async function join(ring: LocalRing): Promise<string> {
  const [address] = await ring.addNodes(1);
  return `${address} joined`;
}

async function leave(ring: LocalRing, random: Random): Promise<string> {
  if (ring.places.length <= 2) return 'too few nodes for one to leave';
  const address = addressOf(random.pick(ring.places));
  ring.expectLeave(address);
  const refusal = await askToLeave(address, LEAVE_MS);
  if (refusal !== undefined) throw new Error(`${address} does not leave: ${refusal}`);
  await ring.forget(address);
  return `${address} left`;
}

async function killAndStart(ring: LocalRing, random: Random): Promise<string> {
  const place: NodePlace = random.pick(ring.places);
  await ring.killNodes([place]);
  await ring.startNode(place);
  return `${addressOf(place)} was killed and started again`;
}

/** Writes of all kinds; one whose outcome is unknown may have happened, and the watcher is told if it has. */
class Load {
  private running = true;
  private writes = 0;
  private readonly workers: readonly Promise<void>[];

  constructor(
    private readonly client: RingClient,
    private readonly random: Random,
  ) {
    this.workers = Array.from({ length: WRITERS }, () => this.work());
  }

  async stop(): Promise<number> {
    this.running = false;
    await Promise.all(this.workers);
    return this.writes;
  }

  private async work(): Promise<void> {
    while (this.running) {
      try {
        await this.write(this.random.pick(KEYS));
        this.writes++;
      } catch (error) {
        if (!(error instanceof RingError) || !['OUTCOME_UNKNOWN', 'UNAVAILABLE'].includes(error.code))
          throw error;
      }
    }
  }

  private async write(key: string): Promise<unknown> {
    const options = { deadlineMs: OPERATION_MS };
    if (this.random.below(10) === 0) return this.client.delete(key, options);
    const value = String(this.random.below(1_000_000));
    if (this.random.below(3) === 0) return this.client.append(key, value.slice(0, 1), options);
    return this.client.set(key, value, options);
  }
}
