/** The node's connection to a registry that comes late, goes, comes back, and falls silent. */

import { startRegistry, type RunningRegistry } from '@ringkeep/registry';
import { RegistryChannel } from '../../src/links/registry-channel';
import { freePort } from '@ringkeep/local-ring';
import { eventually } from './node-peer';

let port: number;
let now: number;
let readyCount: number;
let registry: RunningRegistry | undefined;
let channel: RegistryChannel;

beforeEach(async () => {
  port = await freePort();
  now = 0;
  readyCount = 0;
  const note = (): void => void readyCount++;
  channel = new RegistryChannel(`127.0.0.1:${port}`, undefined, () => now, note);
});
afterEach(async () => {
  channel.close();
  await registry?.stop();
  registry = undefined;
});

const start = async (): Promise<void> => void (registry = await startRegistry({ port }));
const readyAgain = (count: number): Promise<void> =>
  eventually(`it is reached ${count} times`, () => readyCount === count);

test('says when the registry is there, without a call: late, and each time that it comes back', async () => {
  await start();
  await readyAgain(1);
  for (let round = 2; round <= 4; round++) {
    await registry?.stop();
    await start();
    await readyAgain(round);
  }
});

test('is made anew when a call was not answered, but not once for each call, nor again at once', async () => {
  await start();
  await readyAgain(1);
  const { client } = channel;
  now = 1_000;
  channel.unanswered(client);
  const second = channel.client;
  expect(second).not.toBe(client);
  channel.unanswered(client);
  channel.unanswered(second);
  expect(channel.client).toBe(second);
  await readyAgain(2);
  now = 2_000;
  channel.unanswered(second);
  expect(channel.client).not.toBe(second);
  await readyAgain(3);
});

test('lets a call that is under way end when it is made anew', async () => {
  await start();
  await readyAgain(1);
  const { client } = channel;
  const answer = new Promise((resolve) => {
    client.getConnectedNodes({}, (error, nodes) => resolve(error ?? nodes));
  });
  await new Promise(setImmediate);
  now = 1_000;
  channel.unanswered(client);
  expect(await answer).toEqual({ nodes: [] });
});

test('is silent once it is closed', async () => {
  channel.close();
  await start();
  channel.unanswered(channel.client);
  expect(readyCount).toBe(0);
});
