/** MULTI, EXEC and WATCH on a ring in memory: as one, in order, an error being that of its command alone. */

import { bufferOfBytes, decodeTransaction, OperationType } from '@ringkeep/shared/operations';
import { DirectClient, MemoryRing } from './memory-ring';

let ring: MemoryRing;
let client: DirectClient;
let other: DirectClient;

beforeEach(() => {
  ring = new MemoryRing();
  client = new DirectClient(ring);
  other = new DirectClient(ring);
});

async function executed(...lines: string[]): Promise<string | undefined> {
  return (await client.all('MULTI', ...lines, 'EXEC')).at(-1);
}

describe('EXEC', () => {
  test('carries out its commands as one transaction, each seeing those before it', async () => {
    expect(await executed('SET {t}a 1', 'INCR {t}a', 'GET {t}a', 'DEL {t}a', 'GET {t}a', 'PING')).toBe(
      '*6 +OK :2 $1 2 :1 $-1 +PONG',
    );
    expect(ring.framesAsked).toBe(1);
  });

  test('lets the others stand where one fails', async () => {
    expect(await executed('SET {t}a x', 'INCR {t}a', 'SET {t}b 2', 'INCR {t}b', 'GETRANGE {t}a q 1')).toBe(
      '*5 +OK -ERR value is not an integer or out of range +OK :3 -ERR value is not an integer or out of range',
    );
    expect(await client.all('GET {t}a', 'GET {t}b')).toEqual(['$1 x', '$1 3']);
  });

  test('tells what it has done though a command that asks the node fails', async () => {
    const info = (): never => {
      throw new Error('no figures');
    };
    Object.assign(client.session.node, { info });
    expect(await executed('SET {t}a 1', 'INFO', 'GET {t}a')).toBe(
      '*3 +OK -UNKNOWNOUTCOME internal error: no figures $1 1',
    );
  });

  test('takes commands that must look before they write', async () => {
    expect(
      await executed(
        'SET {t}f 1.5 EX 10',
        'INCRBYFLOAT {t}f 1',
        'SET {t}n 1 NX',
        'SET {t}n 2 NX',
        'MSETNX {t}n 1 {t}m 1',
        'PEXPIRETIME {t}f',
        'EXPIRE {t}f 5 XX LT',
      ),
    ).toBe('*7 +OK $3 2.5 +OK $-1 :0 :1010000 :1');
    expect(await client.all('GET {t}f', 'TTL {t}f', 'GET {t}n', 'EXISTS {t}m')).toEqual([
      '$3 2.5',
      ':5',
      '$1 1',
      ':0',
    ]);
  });

  test('of keys of several tags does nothing', async () => {
    expect(await executed('SET a 1', 'SET b 1')).toBe(
      "-CROSSSLOT Keys in request don't hash to the same slot",
    );
    expect(ring.entries.size).toBe(0);
  });

  test('of nothing is answered with nothing', async () => {
    expect(await executed()).toBe('*0');
  });

  test('does nothing where a command was refused when it was queued', async () => {
    expect(await client.all('MULTI', 'SET {t}a 1', 'NOPE', 'GET', 'EXEC', 'GET {t}a')).toEqual([
      '+OK',
      '+QUEUED',
      "-ERR unknown command 'NOPE', with args beginning with:",
      "-ERR wrong number of arguments for 'get' command",
      '-EXECABORT Transaction discarded because of previous errors.',
      '$-1',
    ]);
  });

  test('takes no commands on all keys', async () => {
    expect(await client.all('MULTI', 'SCAN 0', 'DISCARD')).toEqual([
      '+OK',
      '-ERR Command not allowed inside a transaction',
      '+OK',
    ]);
  });

  test('needs a MULTI, of which there is one', async () => {
    expect(await client.all('EXEC', 'DISCARD', 'MULTI', 'MULTI', 'WATCH x', 'PING', 'EXEC')).toEqual([
      '-ERR EXEC without MULTI',
      '-ERR DISCARD without MULTI',
      '+OK',
      '-ERR MULTI calls can not be nested',
      '-ERR WATCH inside MULTI is not allowed',
      '+QUEUED',
      '*1 +PONG',
    ]);
  });

  test('by compare-and-set begins again where somebody wrote in between', async () => {
    await client.all('SET {t}f 1');
    let reads = 0;
    ring.beforeFrame = ({ operations: [operation] }) => {
      if (operation?.type !== OperationType.transact) return;
      const { conditions } = decodeTransaction(operation.transaction);
      // Between the first reading and the writing that belongs to it.
      if (conditions.length > 0 && reads++ === 0)
        ring.apply({ type: OperationType.append, key: operation.key, value: '0' as never });
    };
    expect(await client.one('INCRBYFLOAT {t}f 0.5')).toBe('$4 10.5');
    expect(reads).toBe(2);
  });

  test('by compare-and-set gives up when others are always faster, and has done nothing', async () => {
    await client.all('SET {t}f 1');
    ring.beforeFrame = ({ operations: [operation] }) => {
      if (operation?.type !== OperationType.transact) return;
      if (decodeTransaction(operation.transaction).conditions.length > 0)
        ring.apply({ type: OperationType.add, key: operation.key, delta: delta(1n) as never });
    };
    expect(await client.one('INCRBYFLOAT {t}f 0.5')).toMatch(/^-TRYAGAIN nothing was written/);
  });
});

function delta(by: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(by);
  return bufferOfBytes(bytes.toString('latin1') as never).toString('latin1');
}

describe('WATCH', () => {
  test('lets EXEC do nothing where a key has changed, by anybody', async () => {
    await client.all('WATCH {t}a {t}b');
    await other.all('SET {t}b 1');
    expect(await executed('SET {t}a 1')).toBe('*-1');
    expect(await executed('SET {t}a 1')).toBe('*1 +OK');
    await client.all('WATCH {t}a', 'SET {t}a 1');
    expect(await executed('GET {t}a')).toBe('*-1');
  });

  test('is about the version: the same value again is a change, and so is another end', async () => {
    await client.all('SET {t}a 1', 'WATCH {t}a');
    await other.all('SET {t}a 1');
    expect(await executed('PING')).toBe('*-1');
    await client.all('WATCH {t}a');
    await other.all('EXPIRE {t}a 100');
    expect(await executed('PING')).toBe('*-1');
  });

  test('ends with EXEC, DISCARD and UNWATCH', async () => {
    for (const end of ['UNWATCH', 'MULTI DISCARD', 'MULTI EXEC']) {
      await client.all('WATCH {t}a', ...end.split(' '));
      await other.all('INCR {t}a');
      expect(await executed('PING')).toBe('*1 +PONG');
    }
  });

  test('of a key that is over by then does not hinder', async () => {
    await client.all('SET {t}a 1 PX 10');
    ring.wallMs += 20;
    await client.all('WATCH {t}a');
    expect(await executed('SET {t}a 2')).toBe('*1 +OK');
  });

  test('and EXEC may be in one pipeline', async () => {
    expect(await client.all('SET {t}a 1', 'WATCH {t}a', 'MULTI', 'INCR {t}a', 'EXEC', 'GET {t}a')).toEqual([
      '+OK',
      '+OK',
      '+OK',
      '+QUEUED',
      '*1 :2',
      '$1 2',
    ]);
  });
});
