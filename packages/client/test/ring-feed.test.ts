import { channelTo } from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';
import { RingFeed } from '../src/adapters/ring-feed';
import { FakeRing } from './fake-ring';

test('a watch that is closed in the turn in which it was opened ends at the node, too', async () => {
  const ring = await FakeRing.start({ nodes: 1 });
  const client = new dht.DhtNodeClient(...channelTo(ring.node(0).address));
  try {
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(Date.now() + 4_000, (error) => (error ? reject(error) : resolve())),
    );
    const ignore = (): void => undefined;
    const events = { accepted: ignore, beat: ignore, update: ignore, ended: ignore };
    new RingFeed(
      client.watchRing({ fromVersion: 0, fromRun: 0n, clusterId: '', beats: false }),
      events,
    ).close();
    while (ring.watchRequests.length === 0 || ring.watches.size > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    client.close();
    ring.stop();
  }
});
