/** What a watch holds for a reader that takes nothing is bounded, and counted with what is written and not read. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Random } from '@ringkeep/shared';
import { ChangeWatches } from '@ringkeep/client/watching';
import { tellChanges } from '../../src/doors/http/event-stream';
import { ResponseStream } from '../../src/doors/http/response-stream';
import { TestRing } from '../ring/test-ring';
import { ask, BYTES, RawClient } from './http-client';

const WAITING_BYTES_MAX = 1024;
const VALUE = 'v'.repeat(512 * 1024);
/** More than the system keeps for a reader. */
const CHANGES_MAX = 64;

test('a reader that takes nothing leaves little waiting, and that is counted', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ring = await TestRing.start({ replicationFactor: 1 });
  try {
    const node = await ring.addNode({ http: { host: '127.0.0.1', port: 0 } });
    const client = await RawClient.open(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.socket.pause();
    client.send('GET /');
    const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];

    const noPages = (): Promise<never> => Promise.reject(new Error('nothing is read anew here'));
    const watches = new ChangeWatches([node.address], undefined, new Random(1), noPages, WAITING_BYTES_MAX);
    const changes = watches.open({ key: 'a' }, node.status().ring);
    let counted: (bytes: number) => void = () => undefined;
    const reader = { stands: () => undefined, moved: () => undefined, holds: (b: number) => counted(b) };
    const out = new ResponseStream(response, reader, 60_000);
    const told = tellChanges(out, changes, true).catch(() => undefined);
    await changes.ready;

    const put = (): Promise<unknown> =>
      ask(node.httpAddress as string, 'PUT', '/v1/keys/a', { headers: BYTES, body: VALUE });
    for (let i = 0; i < CHANGES_MAX; i++) await put();
    expect([out.isFull, changes.waitingBytes > 0]).toEqual([true, true]);
    expect(changes.waitingBytes).toBeLessThan(WAITING_BYTES_MAX + 3 * VALUE.length);
    const held = await new Promise<number>((resolve) => (counted = resolve));
    expect(held).toBe(response.writableLength + changes.waitingBytes);

    client.close();
    await told;
    watches.close();
  } finally {
    server.closeAllConnections();
    server.close();
    await ring.stop();
  }
}, 30_000);
