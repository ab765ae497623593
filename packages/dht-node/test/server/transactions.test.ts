/** Transactions at real nodes: through the client, the embedded node and the plain call, and while the ring changes. */

import { RingClient } from '@ringkeep/client';
import { dht } from '@ringkeep/shared/wire';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { NodePeer } from './node-peer';

const { Get, Set: Store, Put, Add } = dht.OperationType;

let ring: TestRing;
let client: RingClient;
let peer: NodePeer;

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 2 });
  for (let i = 0; i < 3; i++) await ring.addNode();
  await ring.untilSettled();
  client = await RingClient.connect({ nodes: ring.nodes.map(({ address }) => address) });
  peer = new NodePeer((ring.nodes[0] as RingNode).address);
});
afterAll(async () => {
  await client.close();
  peer.close();
  await ring.stop();
});

const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

describe('a transaction', () => {
  test('through the client is told what each of its operations would be told', async () => {
    await client.set('{c}a', '40');
    const { held, version, results } = await client.transact({
      if: [
        { key: '{c}a', ifValue: '40' },
        { key: '{c}b', ifAbsent: true },
      ],
      then: [
        { op: 'add', key: '{c}a', delta: 2 },
        { op: 'set', key: '{c}b', value: 'x' },
        { op: 'append', key: '{c}b', value: 'yz' },
        { op: 'exchange', key: '{c}b', value: 'new', withVersion: true },
        { op: 'get', key: '{c}b' },
        { op: 'delete', key: '{c}absent' },
      ],
      else: [{ op: 'get', key: '{c}a' }],
    });
    expect(held).toBe(true);
    if (!held) return;
    const [sum, stored, length, exchanged, found, removed] = results;
    expect([sum, stored, length, text(found), removed]).toEqual([42n, undefined, 3, 'new', undefined]);
    expect(exchanged).toMatchObject({ done: true, version });
    expect(text(exchanged.value)).toBe('xyz');
    expect(await client.getVersioned('{c}a')).toMatchObject({ version });
  });

  test('whose conditions do not hold carries out the other branch', async () => {
    const { held, results } = await client.transact({
      if: [{ key: '{c}a', ifVersion: 1_000_000 }],
      then: [{ op: 'delete', key: '{c}a' }],
      else: [{ op: 'get', key: '{c}a', withVersion: true }],
    });
    expect(held).toBe(false);
    expect(results).toEqual([expect.objectContaining({ done: true })]);
    expect(await client.getText('{c}a')).toBe('42');
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'keys of two tags',
      () =>
        client.transact({
          then: [
            { op: 'get', key: '{c}a' },
            { op: 'get', key: '{d}a' },
          ],
        }),
      "the transaction's operation 2 of then: its key has another position than those before it",
    ],
    ['nothing in it', () => client.transact({ then: [] }), 'neither conditions nor operations'],
    [
      'an unknown operation',
      () => client.transact({ then: [{ op: 'put' as 'get', key: '{c}a' }] }),
      "the transaction's operation 1 of then: op must be one of get, delete, exchange, set, add, append, expire, persist, got put",
    ],
    [
      'a condition that says nothing',
      () => client.transact({ if: [{ key: '{c}a' } as never], then: [] }),
      "the transaction's condition 1: needs ifAbsent, ifPresent, ifVersion or ifValue",
    ],
    [
      'an operation with a condition',
      () => client.transact({ then: [{ op: 'get', key: '{c}a', ifAbsent: true } as never] }),
      'has no condition of its own',
    ],
    [
      'an operation that cannot be',
      () =>
        client.transact({
          then: [
            { op: 'set', key: '{c}b', value: 'lost' },
            { op: 'add', key: '{c}b' },
          ],
        }),
      'operation 2 of then (add): nothing was written: the value is not a number',
    ],
  ])('with %s is refused, and nothing is written', async (_, asked, words) => {
    await expect(asked()).rejects.toThrow(words);
    expect(await client.getText('{c}b')).toBe('new');
  });

  test('in a program around a node does the same', async () => {
    const node = ring.nodes[1] as RingNode;
    const { held, results } = await node.transact({
      then: [
        { op: 'set', key: '{own}a', value: 'x' },
        { op: 'get', key: '{own}a' },
      ],
    });
    expect(held).toBe(true);
    expect(text(results[1])).toBe('x');
  });

  test('asked for with a plain call is answered with versions', async () => {
    const query = (ty: dht.OperationType, key: string, part: Partial<dht.Query> = {}) =>
      dht.Query.fromPartial({ ty, key: Buffer.from(key), ...part });
    const answer = await peer.transact({
      conditions: [{ key: Buffer.from('{p}a'), condition: dht.Condition.fromPartial({ absent: true }) }],
      then: [
        query(Put, '{p}a', { value: Buffer.from('7') }),
        query(Add, '{p}a', { delta: 1n }),
        query(Get, '{p}b'),
      ],
      else: [],
    });
    const { version } = answer;
    expect(answer).toMatchObject({
      held: true,
      results: [
        { value: undefined, error: undefined, version },
        { value: Buffer.from('8'), version },
        { error: 'Key not present', version: 0 },
      ],
    });
    const again = await peer.transact({
      conditions: [{ key: Buffer.from('{p}a'), condition: dht.Condition.fromPartial({ absent: true }) }],
      then: [query(Store, '{p}a', { value: Buffer.from('never') })],
      else: [query(Get, '{p}a')],
    });
    expect(again).toMatchObject({ held: false, results: [{ value: Buffer.from('8'), version }] });
    await expect(peer.transact({ conditions: [], then: [query(Put, '{p}a')], else: [] })).rejects.toThrow(
      "the transaction's operation 1 of then: Value not provided",
    );
    await expect(peer.query(dht.OperationType.Transact, '{p}a')).rejects.toThrow(
      'this operation is asked for with the call Transact',
    );
  });
});

test('money that is moved between accounts is never made nor lost, while nodes join and leave', async () => {
  const accounts = Array.from({ length: 5 }, (_, index) => `{bank}${index}`);
  for (const account of accounts) await client.set(account, '100');
  let moving = true;
  let moved = 0;
  const move = async (turn: number): Promise<void> => {
    const [from, to] = [accounts[turn % 5] as string, accounts[(turn * 3 + 1) % 5] as string];
    if (from === to) return;
    const before = await client.getVersioned(from);
    const { held } = await client.transact({
      if: [{ key: from, ifVersion: before?.version ?? 0 }],
      then: [
        { op: 'add', key: from, delta: -7 },
        { op: 'add', key: to, delta: 7 },
      ],
    });
    if (held) moved++;
  };
  const total = async (): Promise<number> => {
    const { results } = await client.transact({
      then: accounts.map((key) => ({ op: 'get', key }) as const),
    });
    return results.reduce((sum, value) => sum + Number(text(value)), 0);
  };
  const mover = async (start: number): Promise<void> => {
    for (let turn = start; moving; turn += 3) await move(turn).catch(outcomeUnknown);
  };
  const totals: number[] = [];
  const auditor = async (): Promise<void> => {
    while (moving) totals.push(await total());
  };
  const running = [mover(0), mover(1), mover(2), auditor()];
  const newcomer = await ring.addNode();
  await ring.untilSettled();
  await newcomer.leave();
  moving = false;
  await Promise.all(running);
  expect(moved).toBeGreaterThan(0);
  expect(new Set([...totals, await total()])).toEqual(new Set([500]));
});

/** A transfer that may or may not have happened moved its money as a whole all the same. */
function outcomeUnknown(error: { readonly code?: string }): void {
  if (error.code !== 'OUTCOME_UNKNOWN') throw error;
}
