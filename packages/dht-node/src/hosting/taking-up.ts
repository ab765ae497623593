/**
 * What a process does before anybody hears of the node. The incarnation is counted on the disk before it is used, and
 * the core knows everything that the disk holds before it takes its first step.
 */

import { randomBytes } from 'node:crypto';
import { RingError } from '@ringkeep/shared';
import { decodeBatch, decodeSnapshot } from '../codec';
import type { NodeSettings } from '../core/config';
import { NodeCore } from '../core/node';
import type { EventLoop } from '../storage/event-loop';
import { NodeHost } from './host';
import type { HostClock } from './ports';
import type { IdentityFile, NodeStorage } from '../storage';

/** The incarnation of a node without a disk. */
const FIRST_INCARNATION = 1;

type OwnSettings = Pick<
  NodeSettings,
  'rules' | 'transferSizes' | 'clockDriftMax' | 'historyBytes' | 'watchesMax'
> & {
  readonly process?: bigint;
};

export async function takeUp(
  identity: IdentityFile | undefined,
  storage: NodeStorage,
  clock: HostClock,
  eventLoop?: EventLoop,
  settings: OwnSettings = {},
): Promise<NodeHost> {
  const incarnation = identity ? await identity.raiseIncarnation() : FIRST_INCARNATION;
  const core = new NodeCore(storage.entries, {
    process: randomBytes(8).readBigUInt64BE(),
    ...settings,
    incarnation,
    newcomer: identity?.identity === undefined || identity.blank,
    startedAt: clock.now(),
    leaseBeforeMs: identity?.leaseMs ?? 0,
  });
  await storage.recover({
    snapshot: (state) => {
      const { replicas, known } = decodeSnapshot(state);
      core.restore(replicas, known);
    },
    batch: (batch) => core.replay(decodeBatch(batch)),
  });
  const noteData = async (): Promise<void> => identity?.hasData().catch(diskFails);
  // What a process wrote that died before it could say so counts as durable from now on.
  if (identity?.blank && !core.blankDisk) await noteData();
  const noted = identity?.blank ? noteData : undefined;
  return new NodeHost(core, storage, clock, eventLoop, noted, settings.watchesMax);
}

function diskFails(cause: Error): never {
  throw new RingError('INTERNAL', `cannot write node.json: ${cause.message}`, { cause });
}
