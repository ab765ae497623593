/**
 * A node that checks which process is at another one's address: a question on a connection of its own, which the host
 * there answers whatever its core does.
 */

import type { Member, Random } from '@ringkeep/shared';
import type { NodeInput } from '@ringkeep/dht-node/core';
import type { Home, Neighbourhood } from './surroundings';

/** As a real host gives up. */
const ANSWER_MS = 1_500;

export function dial(
  world: Neighbourhood,
  machine: Home,
  { id, addr }: Member,
  random: Random,
  post: (input: NodeInput) => void,
): void {
  const { network, timeline } = world;
  const target = world.machineAt(addr);
  let settled = false;
  const settle = (process: bigint | undefined): void => {
    if (settled) return;
    settled = true;
    post({ kind: 'dialled', node: id, process });
  };
  timeline.after(ANSWER_MS * (0.5 + random.fraction() / 2), () => settle(undefined));
  if (!target || network.shutSince(target.party) !== undefined) return;
  network.send(
    machine.party,
    target.party,
    () => {
      const answering = target.process;
      const core = answering?.core;
      if (!core || answering?.paused === true) return;
      network.send(
        target.party,
        machine.party,
        () => settle(core.process),
        () => undefined,
      );
    },
    () => undefined,
  );
}
