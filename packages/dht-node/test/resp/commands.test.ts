/** Commands as Redis carries them out, on a ring in memory. */

import { DirectClient, MemoryRing } from './memory-ring';

let ring: MemoryRing;
let client: DirectClient;

beforeEach(() => {
  ring = new MemoryRing();
  client = new DirectClient(ring);
});

/** Lines with the replies that they must have, one behind another. */
async function expectReplies(pairs: readonly (readonly [line: string, reply: string])[]): Promise<void> {
  const told = await client.all(...pairs.map(([line]) => line));
  expect(pairs.map(([line], index) => [line, told[index]])).toEqual(pairs);
}

describe('values', () => {
  test('are set, read, exchanged and removed', () =>
    expectReplies([
      ['SET k v', '+OK'],
      ['GET k', '$1 v'],
      ['GET absent', '$-1'],
      ['GETSET k w', '$1 v'],
      ['SETNX k x', ':0'],
      ['SETNX n x', ':1'],
      ['APPEND k yz', ':3'],
      ['STRLEN k', ':3'],
      ['STRLEN absent', ':0'],
      ['GETRANGE k 0 -2', '$2 wy'],
      ['GETRANGE k -2 -1', '$2 yz'],
      ['GETRANGE k 2 1', '$0'],
      ['GETRANGE k 0 -100', '$0'],
      ['GETDEL k', '$3 wyz'],
      ['GETDEL k', '$-1'],
      ['TYPE n', '+string'],
      ['TYPE k', '+none'],
    ]));

  test('are set on conditions', () =>
    expectReplies([
      ['SET k v XX', '$-1'],
      ['SET k v NX', '+OK'],
      ['SET k w NX', '$-1'],
      ['SET k w NX GET', '$1 v'],
      ['SET k w XX GET', '$1 v'],
      ['SET absent w XX GET', '$-1'],
      ['SET k x IFEQ v', '$-1'],
      ['SET k x IFEQ w', '+OK'],
      ['SET absent x IFEQ w', '$-1'],
      ['GET k', '$1 x'],
      ['SET k v NX XX', '-ERR syntax error'],
      ['SET k v EX', '-ERR syntax error'],
      ['SET k v EX 1 PX 1', '-ERR syntax error'],
      ['SET k v EX 1 KEEPTTL', '-ERR syntax error'],
      ['SET k v FOO', '-ERR syntax error'],
    ]));

  test('of several keys, each once', () =>
    expectReplies([
      ['MSET a 1 b 2 a 3', '+OK'],
      ['MGET a b c a', '*4 $1 3 $1 2 $-1 $1 3'],
      ['EXISTS a a b c', ':3'],
      ['TOUCH a c', ':1'],
      ['MSETNX {t}x 1 {t}y 2', ':1'],
      ['MSETNX {t}y 3 {t}z 3', ':0'],
      ['MGET {t}x {t}y {t}z', '*3 $1 1 $1 2 $-1'],
      ['MSETNX a 1 b 2', "-CROSSSLOT Keys in request don't hash to the same slot"],
      ['MSET a', "-ERR wrong number of arguments for 'mset' command"],
      ['MSET a 1 b', "-ERR wrong number of arguments for 'mset' command"],
      ['DEL a b b c', ':2'],
      ['UNLINK {t}x', ':1'],
    ]));

  test('that a ring does not take are refused, and nothing is done', async () => {
    client.send('SET', '', 'v');
    client.send('SET', 'k', 'x'.repeat(1_048_577));
    client.send('GET', 'k'.repeat(1_025));
    expect(await client.all()).toEqual([
      '-ERR the key is empty; a key has 1 byte or more',
      '-ERR the value has 1048577 bytes; 1048576 are allowed',
      '-ERR the key has 1025 bytes; 1024 are allowed',
    ]);
    expect(ring.framesAsked).toBe(0);
  });
});

describe('counters', () => {
  test('count, and refuse what is no number', () =>
    expectReplies([
      ['INCR n', ':1'],
      ['INCRBY n 41', ':42'],
      ['DECR n', ':41'],
      ['DECRBY n 50', ':-9'],
      ['INCRBY n abc', '-ERR value is not an integer or out of range'],
      ['INCRBY n 01', '-ERR value is not an integer or out of range'],
      ['INCRBY n 9223372036854775808', '-ERR value is not an integer or out of range'],
      ['DECRBY n -9223372036854775808', '-ERR decrement would overflow'],
      ['SET n 9223372036854775807', '+OK'],
      ['INCR n', '-ERR increment or decrement would overflow'],
      ['SET n 1x', '+OK'],
      ['INCR n', '-ERR value is not an integer or out of range'],
      ['GET n', '$2 1x'],
    ]));

  test('with decimals lose nothing', () =>
    expectReplies([
      ['INCRBYFLOAT f 0.1', '$3 0.1'],
      ['INCRBYFLOAT f 0.2', '$3 0.3'],
      ['INCRBYFLOAT f -1.1', '$4 -0.8'],
      ['INCRBYFLOAT f 0.8', '$1 0'],
      ['INCRBYFLOAT f 3.0e3', '$4 3000'],
      ['INCRBYFLOAT f abc', '-ERR value is not a valid float'],
      ['INCRBYFLOAT f inf', '-ERR increment would produce NaN or Infinity'],
      ['SET f x', '+OK'],
      ['INCRBYFLOAT f 1', '-ERR value is not a valid float'],
      ['SET f 1 PX 5000', '+OK'],
      ['INCRBYFLOAT f 1', '$1 2'],
      ['PTTL f', ':5000'],
    ]));
});

describe('the end of keys', () => {
  test('is set, told and taken back', () =>
    expectReplies([
      ['SET k v EX 10', '+OK'],
      ['TTL k', ':10'],
      ['PTTL k', ':10000'],
      ['PEXPIRETIME k', ':1010000'],
      ['EXPIRETIME k', ':1010'],
      ['SET k w KEEPTTL', '+OK'],
      ['TTL k', ':10'],
      ['GETEX k PX 5000', '$1 w'],
      ['PTTL k', ':5000'],
      ['GETEX k PERSIST', '$1 w'],
      ['TTL k', ':-1'],
      ['PEXPIRETIME k', ':-1'],
      ['GETEX k EXAT 2000', '$1 w'],
      ['EXPIRETIME k', ':2000'],
      ['PERSIST k', ':1'],
      ['PERSIST k', ':0'],
      ['TTL absent', ':-2'],
      ['EXPIRETIME absent', ':-2'],
      ['SETEX k 7 v', '+OK'],
      ['TTL k', ':7'],
      ['PSETEX k 7000 v', '+OK'],
      ['TTL k', ':7'],
      ['SET k v PXAT 1234567', '+OK'],
      ['PEXPIRETIME k', ':1234567'],
      ['SET k w XX PXAT 2234567', '+OK'],
      ['SET k x NX PXAT 3234567 GET', '$1 w'],
      ['PEXPIRETIME k', ':2234567'],
      ['SET k v', '+OK'],
      ['TTL k', ':-1'],
    ]));

  test('is set on conditions', () =>
    expectReplies([
      ['EXPIRE absent 10', ':0'],
      ['SET k v', '+OK'],
      ['EXPIRE k 10 XX', ':0'],
      ['EXPIRE k 10 GT', ':0'],
      ['EXPIRE k 10 XX LT', ':0'],
      ['EXPIRE k 10 LT', ':1'],
      ['EXPIRE k 20 NX', ':0'],
      ['EXPIRE k 5 GT', ':0'],
      ['EXPIRE k 20 GT', ':1'],
      ['EXPIRE k 20', ':1'],
      ['EXPIRE k 30 XX LT', ':0'],
      ['EXPIRE k 10 XX LT', ':1'],
      ['TTL k', ':10'],
      ['EXPIREAT k 2000', ':1'],
      ['PEXPIRETIME k', ':2000000'],
      ['EXPIRE k 10 NX GT', '-ERR NX and XX, GT or LT options at the same time are not compatible'],
      ['EXPIRE k 10 GT LT', '-ERR GT and LT options at the same time are not compatible'],
      ['EXPIRE k 10 AB', '-ERR Unsupported option AB'],
      ['EXPIRE k x', '-ERR value is not an integer or out of range'],
      ['EXPIRE k 9223372036854775807', "-ERR invalid expire time in 'expire' command"],
      ['SET k v EX 0', "-ERR invalid expire time in 'set' command"],
      ['SETEX k -1 v', "-ERR invalid expire time in 'setex' command"],
      ['EXPIRE k -1', ':1'],
      ['EXISTS k', ':0'],
    ]));
});

describe('unknown commands', () => {
  test('are refused in the words of Redis, and nothing is done', async () => {
    await expectReplies([
      ['LPUSH k v', "-ERR unknown command 'LPUSH', with args beginning with: 'k' 'v'"],
      ['get', "-ERR wrong number of arguments for 'get' command"],
      ['GET a b', "-ERR wrong number of arguments for 'get' command"],
      ['CLIENT KILL x', "-ERR unknown subcommand 'KILL'. Try CLIENT HELP."],
    ]);
    expect(ring.framesAsked).toBe(0);
  });
});

describe('a connection', () => {
  test('chooses its protocol', () =>
    expectReplies([
      ['HELLO 4', '-NOPROTO unsupported protocol version'],
      ['HELLO x', '-ERR Protocol version is not an integer or out of range'],
      ['GET absent', '$-1'],
      [
        'HELLO 3 AUTH default any SETNAME me',
        '%7 $6 server $8 ringkeep $7 version $5 7.4.0 $5 proto :3 $2 id :7 $4 mode $10 standalone $4 role $6 master $7 modules *0',
      ],
      ['GET absent', '_'],
      ['CLIENT GETNAME', '$2 me'],
      ['CONFIG GET append*', '%1 $10 appendonly $3 yes'],
      ['RESET', '+RESET'],
      ['GET absent', '$-1'],
      ['CLIENT GETNAME', '$-1'],
    ]));

  test('answers as a Redis without a password', () =>
    expectReplies([
      [
        'AUTH secret',
        '-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      ],
      ['AUTH default secret', '+OK'],
      ['AUTH other secret', '-WRONGPASS invalid username-password pair or user is disabled.'],
      ['SELECT 0', '+OK'],
      ['SELECT 1', '-ERR DB index is out of range'],
      ['SELECT x', '-ERR invalid DB index'],
      ['PING', '+PONG'],
      ['PING hi', '$2 hi'],
      ['ECHO hi', '$2 hi'],
      ['CLIENT ID', ':7'],
      ['CLIENT SETINFO lib-name x', '+OK'],
      ['CLIENT NO-EVICT on', '+OK'],
      ['CONFIG SET appendonly yes', '+OK'],
      [
        'CONFIG SET appendonly no',
        "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - can't set immutable config",
      ],
      ['TIME', '*2 $4 1000 $1 0'],
      [
        'COMMAND INFO get nope',
        '*2 *10 $3 get :2 *2 +readonly +fast :1 :1 :1 *3 +@read +@string +@fast *0 *0 *0 *-1',
      ],
    ]));

  test('takes nothing after QUIT', async () => {
    expect(await client.all('SET k v', 'QUIT')).toEqual(['+OK', '+OK']);
    expect(client.hasQuit).toBe(true);
  });
});

describe('frames', () => {
  test('hold what one read brings: one of reads, one of writes', async () => {
    const lines = Array.from({ length: 50 }, (_, i) => [`SET k${i} ${i}`, `GET l${i}`]).flat();
    const told = await client.all(...lines);
    expect(told).toHaveLength(100);
    expect(ring.framesAsked).toBe(2);
  });

  test('hold one read for all that are alike, and one transaction for a run on one key', async () => {
    await client.all('SET k 1');
    ring.framesAsked = 0;
    const gets = Array.from({ length: 60 }, () => 'GET k');
    expect(await client.all(...gets)).toEqual(gets.map(() => '$1 1'));
    expect(ring.framesAsked).toBe(1);
    const adds = Array.from({ length: 60 }, () => 'INCR k');
    expect(await client.all(...adds)).toEqual(adds.map((_, index) => `:${index + 2}`));
    expect(ring.framesAsked).toBe(2);
    expect(await client.all('SET k x', 'INCR k', 'APPEND k y', 'INCRBYFLOAT k 1', 'GET k', 'TTL k')).toEqual([
      '+OK',
      '-ERR value is not an integer or out of range',
      ':2',
      '-ERR value is not a valid float',
      '$2 xy',
      ':-1',
    ]);
  });

  test('hold runs that are too large for a transaction one by one', async () => {
    const value = 'v'.repeat(1_000_000);
    client.send('SET', 'k', value);
    await ring.settle();
    client.dispatcher.replies.take();
    const told = await client.all('GETSET k a', 'GET k', 'SET k b', 'GETEX k PERSIST', 'GETDEL k');
    expect(told.map((reply) => reply.length)).toEqual([value.length + 9, 4, 3, 4, 4]);
    client.send('SET', 'k', value);
    for (let i = 0; i < 4; i++) client.send(...['GETEX', 'k', 'EX', '10']);
    await ring.settle();
    await ring.settle();
    expect(client.dispatcher.replies.take()).toHaveLength(5 + 4 * (value.length + 12));
  });
});
