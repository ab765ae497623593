/** The keyspace and its changes as a node reaches them: the owners' pages, descriptions and watches. */

import { Metadata } from '@grpc/grpc-js';
import { RingError, type Member } from '@ringkeep/shared';
import { OperationType } from '@ringkeep/shared/operations';
import { bytesOfBuffer, ringKeyOf } from '@ringkeep/shared/operations/bytes';
import type { PositionRule } from '@ringkeep/shared/ring/position-rule';
import { cancelSoon } from '@ringkeep/shared/channel';
import { decodeWatchEvents, dht } from '@ringkeep/shared/wire';
import { askPage } from '../../../ask/one-page';
import type { NodeHost } from '../../../hosting/host';
import type { Frames } from '../asking/frames';
import { DEADLINE_DEFAULT_MS } from '../../deadlines';
import { RESP } from '../name';
import type { KeyspaceSource } from './keyspace';
import type { ChangeSource } from './ring-changes';

/** For calls to other nodes. */
export type ClientOf = (member: Member) => dht.DhtNodeClient;

export function keyspaceOf(host: NodeHost, frames: Frames, client: ClientOf): KeyspaceSource {
  const rule = (): PositionRule => host.core.parameters.positionRule;
  return {
    page: async (place, prefix, limit) => {
      const query = { prefix, tag: undefined, keysOnly: true, limit };
      const terms = {
        door: RESP,
        deadlineMs: DEADLINE_DEFAULT_MS,
        hops: 0,
        ringVersion: host.core.view.version,
      };
      const { page } = await askPage(host, place, query, terms);
      const keys = page.entries.map(({ key }) => ringKeyOf(bytesOfBuffer(key), rule()));
      return { keys, next: page.next };
    },
    delete: async (key) => {
      const result = await frames.resultOf({ type: OperationType.delete, key });
      if (!result.ok) throw new RingError(result.code, result.text);
    },
    count: () => countKeys(host, client),
    random: Math.random,
  };
}

/** Of each arc its primary knows how many keys it has. */
async function countKeys(host: NodeHost, client: ClientOf): Promise<number> {
  const { view, self, inspection } = host.core;
  const members = new Set(view.ring.arcs.map(({ primary }) => primary));
  const counts = [...members].map(async (id) => {
    if (id === self) return ownedKeys(inspection.status().replicas);
    const member = view.member(id);
    if (member === undefined)
      throw new RingError('UNAVAILABLE', 'the owner of an arc is not in the ring any more');
    return ownedKeys((await describe(client(member))).replicas);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

function ownedKeys(replicas: readonly { readonly primary: boolean; readonly keys: number }[]): number {
  return replicas.reduce((sum, { primary, keys }) => sum + (primary ? keys : 0), 0);
}

function describe(client: dht.DhtNodeClient): Promise<dht.NodeDescription> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + DEADLINE_DEFAULT_MS };
    client.describeNode({}, new Metadata(), options, (error, description) => {
      if (error)
        reject(new RingError('UNAVAILABLE', `a node does not say how many keys it has: ${error.message}`));
      else resolve(description);
    });
  });
}

export function changesOf(host: NodeHost, client: ClientOf, now: () => number): ChangeSource {
  return {
    get view() {
      return host.core.view;
    },
    now,
    watch: (asked, sink) => {
      const watch = host.watches.open(asked, sink);
      return () => host.watches.close(watch);
    },
    watchAt: (owner, { start, end }, since, sink) => {
      const ranges = [{ start, end, since: since === undefined ? undefined : BigInt(since) }];
      const stream = client(owner).watch(dht.WatchRequest.fromPartial({ ranges, direct: true }));
      stream.on('data', (message: dht.WatchEvents) => sink.told(decodeWatchEvents(message)));
      stream.on('error', () => sink.ended());
      stream.on('end', () => sink.ended());
      return () => cancelSoon(stream);
    },
  };
}
