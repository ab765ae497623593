/** Which commands of a connection wait for which, and what goes wrong where none waits. */

import fc from 'fast-check';
import type { Bytes } from '@ringkeep/shared';
import { KeyOrder, Turn, type OnKeys } from '../../src/doors/resp/pipeline/key-order';
import { DirectClient, MemoryRing } from './memory-ring';

const key = fc.constantFrom('a', 'b', 'c', 'd') as fc.Arbitrary<Bytes>;
const on: fc.Arbitrary<OnKeys> = fc.oneof(
  { weight: 5, arbitrary: fc.array(key, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant('all' as const) },
);

function overlap(a: OnKeys, b: OnKeys): boolean {
  return a === 'all' || b === 'all' || a.some((each) => b.includes(each));
}

function isOne(keys: OnKeys): keys is readonly [Bytes] {
  return keys !== 'all' && keys.length === 1;
}

class Noted extends Turn {
  constructor(private readonly note: () => void) {
    super();
  }

  begin(): void {
    this.note();
  }
}

describe('a command', () => {
  test('begins when every one before it on any of its keys is answered, and not later', () => {
    fc.assert(
      fc.property(fc.array(on, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (commands, picks) => {
        const order = new KeyOrder();
        const begun: number[] = [];
        const answered = new Set<number>();
        const turns = commands.map((_, index) => new Noted(() => begun.push(index)));
        for (const [index, turn] of turns.entries()) {
          const keys = commands[index] as OnKeys;
          if (isOne(keys)) order.enterBehind(order.lastOn(keys[0]), turn, keys[0]);
          else order.enter(turn, keys);
        }
        for (;;) {
          const expected = commands.flatMap((keys, index) => {
            const waits = commands.some(
              (before, at) => at < index && !answered.has(at) && overlap(before, keys),
            );
            return waits ? [] : [index];
          });
          expect([...begun].sort((x, y) => x - y)).toEqual(expected);
          const open = begun.filter((index) => !answered.has(index));
          if (open.length === 0) break;
          const next = open[(picks.next().value as number) % open.length] as number;
          answered.add(next);
          const keys = commands[next] as OnKeys;
          if (isOne(keys)) order.leaveKey(turns[next] as Turn, keys[0]);
          else order.leave(turns[next] as Turn, keys);
        }
        expect(answered.size).toBe(commands.length);
        expect(order.size).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});

const IN_ORDER = ['+OK', '*2 $3 new $-1', ':4', '*2 $4 new! $-1'];

async function untilAsked(ring: MemoryRing): Promise<void> {
  while (ring.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

/** What a pipeline of Set and Get is told when its Set is routed again and carried out last. */
async function whenSetIsRoutedAgain(isOrdered: boolean): Promise<string[]> {
  const ring = new MemoryRing();
  const client = new DirectClient(ring, { isOrdered });
  await client.one('SET k old');
  client.send('SET', 'k', 'new');
  client.send('MGET', 'k', 'x');
  client.send('APPEND', 'k', '!');
  client.send('MGET', 'k', 'x');
  await untilAsked(ring);
  // Of what is under way the newest is carried out first.
  while (ring.asked.length > 0) {
    ring.carryOut(ring.asked.pop() as never);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  return client.all();
}

describe('an operation that is routed again', () => {
  test('is not overtaken by what comes behind it on the same key', async () => {
    expect(await whenSetIsRoutedAgain(true)).toEqual(IN_ORDER);
  });

  test('would be if no command waited', async () => {
    expect(await whenSetIsRoutedAgain(false)).not.toEqual(IN_ORDER);
  });

  test('holds up EXEC and commands of several keys on its key, and others not', async () => {
    const ring = new MemoryRing();
    const client = new DirectClient(ring);
    client.send('SET', '{t}k', '1');
    await untilAsked(ring);
    const [held] = ring.asked.splice(0);
    const lines = ['MGET {t}k other', 'MULTI', 'GET {t}k', 'EXEC', 'DEL {t}k x', 'SET free 1'];
    for (const line of lines) client.send(...line.split(' '));
    await ring.settle();
    expect([...ring.entries.keys()].map((each) => each.slice(8))).toEqual(['free']);
    ring.carryOut(held as never);
    expect(await client.all()).toEqual(['+OK', '*2 $1 1 $-1', '+OK', '+QUEUED', '*1 $1 1', ':1', '+OK']);
  });
});
