/** What a ring of real processes goes through while something else is looked at: nodes join, leave and are killed. */

import type { Random } from '@ringkeep/shared';
import { askToLeave, addressOf, type LocalRing, type NodePlace } from '@ringkeep/local-ring';

export interface TroubleRounds {
  readonly joins: number;
  readonly leaves: number;
  readonly kills: number;
}

const LEAVE_MS = 120_000;

/** One after the other, each when the ring has come to rest. `spared`: a node to which none of it happens. */
export async function goThrough(
  ring: LocalRing,
  rounds: TroubleRounds,
  random: Random,
  say: (text: string) => void,
  spared?: NodePlace,
): Promise<void> {
  const others = (): readonly NodePlace[] => ring.places.filter((place) => place !== spared);
  const troubles: (() => Promise<string>)[] = [
    ...Array.from({ length: rounds.joins }, () => () => join(ring)),
    ...Array.from({ length: rounds.leaves }, () => () => leave(ring, random.pick(others()))),
    ...Array.from({ length: rounds.kills }, () => () => killAndStart(ring, random.pick(others()))),
  ];
  for (const trouble of inOrder(troubles, rounds, random)) {
    say(await trouble());
    await ring.settled();
  }
}

/** Mixed; but the ring grows before it shrinks. */
function inOrder<Item>(items: readonly Item[], { joins }: TroubleRounds, random: Random): Item[] {
  const grown = items.slice(0, Math.ceil(joins / 2));
  return [...grown, ...random.shuffle(items.slice(grown.length))];
}

async function join(ring: LocalRing): Promise<string> {
  const [address] = await ring.addNodes(1);
  return `${address} joined`;
}

async function leave(ring: LocalRing, place: NodePlace): Promise<string> {
  if (ring.places.length <= 2) return 'too few nodes for one to leave';
  const address = addressOf(place);
  ring.expectLeave(address);
  const refusal = await askToLeave(address, LEAVE_MS);
  if (refusal !== undefined) throw new Error(`${address} does not leave: ${refusal}`);
  await ring.forget(address);
  return `${address} left`;
}

async function killAndStart(ring: LocalRing, place: NodePlace): Promise<string> {
  await ring.killNodes([place]);
  await ring.startNode(place);
  return `${addressOf(place)} was killed and started again`;
}
