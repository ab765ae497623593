/** A watch that was away for longer than its changes are kept, at real nodes: the mirror is right again. */

import { RingNode } from '@ringkeep/dht-node';
import { startRegistry, type RunningRegistry } from '@ringkeep/registry';
import { RingClient, type ResyncedEvent } from '@ringkeep/client';

let registry: RunningRegistry;
let nodes: RingNode[];
let ring: RingClient;

beforeAll(async () => {
  registry = await startRegistry({ port: 0, parameters: { replicationFactor: 1 } });
  nodes = [];
  for (let i = 0; i < 2; i++)
    nodes.push(
      await RingNode.start({
        port: 0,
        storage: 'memory',
        registry: registry.address,
        watchHistoryBytes: 4_000,
      }),
    );
  ring = await RingClient.connect({ nodes: [(nodes[0] as RingNode).address] });
});
afterAll(async () => {
  await ring.close();
  await Promise.all(nodes.map((node) => node.stop()));
  await registry.stop();
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const names = Array.from({ length: 300 }, (_, index) => `mirrored/${index}`);

/** In small commits: each is less than is kept. */
async function inTurns(keys: readonly string[], change: (key: string) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < keys.length; at += 20) await Promise.all(keys.slice(at, at + 20).map(change));
}

/** What a mirror does with each event. */
function apply(mirror: Map<string, string>, event: ResyncedEvent): void {
  if (event.kind === 'resync') return;
  if (event.value === undefined) mirror.delete(text(event.key));
  else mirror.set(text(event.key), text(event.value));
}

test('what was lost is read anew while it changes, and the mirror is the ring when the writers have stopped', async () => {
  await inTurns(names, (name) => ring.set(name, 'before'));
  const away = ring.watch({ prefix: 'mirrored/' });
  await away.ready;
  const since = away.cursor;
  await away.return();
  await inTurns(names.slice(50, 250), (name) => ring.delete(name));
  await inTurns(names.slice(150), (name) => ring.set(name, 'after'));
  await using changes = ring.watch({ prefix: 'mirrored/', since, resync: true });
  const writing = inTurns(names.slice(200), (name) => ring.set(name, 'last'));
  const mirror = new Map<string, string>();
  const there = new Map<string, string>();
  let ended = 0;
  for await (const event of changes) {
    apply(mirror, event);
    if (event.kind === 'resync' && event.phase === 'end') ended++;
    if (ended < 2) continue;
    await writing;
    there.clear();
    for await (const { keyText, value } of ring.scan({ prefix: 'mirrored/' }))
      there.set(keyText, text(value));
    if (JSON.stringify([...mirror].sort()) === JSON.stringify([...there].sort())) break;
  }
  expect(there.size).toBeGreaterThan(150);
  expect(changes.cursor).toContain('/');
});
