/** The copies of one arc, as the nodes that have one describe them, and the keys in which they differ. */

import {
  arcInside,
  arcKeyRanges,
  position,
  type ArcConfig,
  type LogExtent,
  type Member,
  type NodeId,
  type Ring,
  type RingKey,
} from '@ringkeep/shared';
import { historyFromWire, type dht } from '@ringkeep/shared/wire';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/operations';
import type { CommandContext } from './commands/command';
import { compareCopies, type Comparison, type CopyKey } from './copy-comparison';

/** How long it may take: the caller has an arc that stands still. */
const COMPARISON_MS_MAX = 10_000;

export interface ArcCopy {
  readonly member: Member;
  readonly keys: number;
  readonly stopped: string | undefined;
  /** One for each part of the arc that it has apart. */
  readonly logs: readonly LogExtent[];
}

export async function copiesOf(
  { ring: access, output }: CommandContext,
  ring: Ring,
  arc: ArcConfig,
): Promise<ArcCopy[]> {
  const answers = await Promise.all(
    ring.members.map(async (member): Promise<ArcCopy | undefined> => {
      try {
        return copyOf(member, arc, await access.describeNode(member.addr));
      } catch (error) {
        output.note(`${member.addr} did not answer: ${(error as Error).message}`);
        return undefined;
      }
    }),
  );
  return answers.filter((copy) => copy !== undefined);
}

function copyOf(member: Member, arc: ArcConfig, { replicas }: dht.NodeDescription): ArcCopy | undefined {
  const there = replicas.filter((replica) => replica.complete && arcInside(rangeOf(replica), arc).length > 0);
  if (there.length === 0) return undefined;
  return {
    member,
    keys: there.reduce((sum, { keys }) => sum + keys, 0),
    stopped: there.find(({ stopped }) => stopped !== undefined)?.stopped,
    logs: there.map((replica) => ({
      range: rangeOf(replica),
      committed: replica.committed,
      lastPrepared: replica.lastPrepared,
      history: historyFromWire(replica.history),
    })),
  };
}

export function rangeOf({ start, end }: dht.ReplicaDescription): { start: NodeId; end: NodeId } {
  return { start: position(start), end: position(end) };
}

/** Undefined, with a note to the user, when a node does not list its keys. */
export async function differencesOf(
  { ring, output, signal }: CommandContext,
  arc: ArcConfig,
  copies: readonly ArcCopy[],
): Promise<Comparison | undefined> {
  const until = performance.now() + COMPARISON_MS_MAX;
  const keys = copies.map(({ member }) => keysOf(arc, (range) => ring.listCopy(member.addr, range)));
  try {
    return await compareCopies(keys, () => signal.aborted || performance.now() > until);
  } catch (error) {
    output.note(`the keys of the copies cannot be compared: ${(error as Error).message}`);
    return undefined;
  }
}

async function* keysOf(
  arc: ArcConfig,
  list: (range: dht.KeyRange) => Promise<dht.ListCopyAnswer>,
): AsyncGenerator<CopyKey> {
  for (const { from, to } of arcKeyRanges(arc)) {
    const end = to === undefined ? undefined : bufferOfBytes(to);
    for (let next: Buffer | undefined = bufferOfBytes(from); next !== undefined;) {
      const page: dht.ListCopyAnswer = await list({ from: next, to: end });
      for (const { key, version, checksum } of page.keys)
        yield { key: bytesOfBuffer(key) as RingKey, version, checksum };
      next = page.next;
    }
  }
}
