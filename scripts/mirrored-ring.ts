/** A ring that is written to without pause while nodes join, leave and are killed; and a watcher that mirrors it. */

import type { Random } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared';
import type { RingClient } from '@ringkeep/client';
import type { LocalRing } from '@ringkeep/local-ring';
import { goThrough, type TroubleRounds } from './ring-troubles';
import { RingMirror, type MirrorFigures } from './ring-mirror';

export interface MirrorRun {
  readonly figures: MirrorFigures;
  readonly writes: number;
  /** Keys of which the mirror has something else than the ring at the end. */
  readonly differing: readonly string[];
}

const KEYS = Array.from({ length: 200 }, (_, index) => `mirrored/${index}`);
const WRITERS = 8;
const OPERATION_MS = 20_000;
const CATCH_UP_MS = 20_000;

export async function mirrorThrough(
  ring: LocalRing,
  client: RingClient,
  rounds: TroubleRounds,
  random: Random,
  say: (text: string) => void = () => undefined,
): Promise<MirrorRun> {
  const mirror = await RingMirror.begin(client, 'mirrored/');
  const load = new Load(client, random);
  await goThrough(ring, rounds, random, say);
  const writes = await load.stop();
  const differing = await mirror.differences(client, KEYS, CATCH_UP_MS);
  await mirror.stop();
  return { figures: mirror.figures, writes, differing };
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
