/** The door at real nodes: every command through any node, the life of connections, and bad callers. */

import type { RingNode } from '../../src';
import { COMMANDS_UNANSWERED_MAX } from '../../src/doors/resp/limits';
import { appendSettings } from '../../src/doors/resp/node-info';
import { TestRing } from '../ring/test-ring';
import { RespClient, encoded } from './resp-client';

const DOOR = { redis: { host: '127.0.0.1', port: 0, allowFlush: true } };

let ring: TestRing;
let clients: RespClient[] = [];

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 2 });
  await ring.addNodes(3, DOOR);
  await ring.untilSettled();
});
afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
});
afterAll(() => ring.stop());

async function open(node = 0): Promise<RespClient> {
  const client = await RespClient.open((ring.nodes[node] as RingNode).redisAddress as string);
  clients.push(client);
  return client;
}

describe('any node', () => {
  test('answers for any key', async () => {
    const [one, two] = [await open(0), await open(1)];
    const sets = Array.from({ length: 30 }, (_, i) => `SET any${i} ${i}`);
    expect(await one.all(...sets)).toEqual(sets.map(() => '+OK'));
    const keys = sets.map((_, i) => `any${i}`);
    expect(await two.all(`MGET ${keys.join(' ')}`, `EXISTS ${keys.join(' ')}`)).toEqual([
      `*30 ${keys.map((_, i) => `$${String(i).length} ${i}`).join(' ')}`,
      ':30',
    ]);
    expect(await two.all('MULTI', 'INCR {n}a', 'INCR {n}a', 'EXEC', 'INCRBYFLOAT {n}a 0.5')).toEqual([
      '+OK',
      '+QUEUED',
      '+QUEUED',
      '*2 :1 :2',
      '$3 2.5',
    ]);
  });

  test('tells all keys, and how many there are', async () => {
    const client = await open(2);
    const names = Array.from({ length: 40 }, (_, i) => `scan:${i}`);
    await client.all('FLUSHALL', ...names.map((name) => `SET ${name} x`));
    const found: string[] = [];
    let cursor = '0';
    do {
      const [reply] = await client.all(`SCAN ${cursor} MATCH scan:* COUNT 7`);
      const [, , next, , ...keys] = (reply as string).split(' ') as [string, string, string, string];
      found.push(...(keys as string[]).filter((_, index) => index % 2 === 1));
      cursor = next;
    } while (cursor !== '0');
    expect(found.sort()).toEqual([...names].sort());
    expect(await client.all('DBSIZE', 'FLUSHDB', 'DBSIZE', 'RANDOMKEY')).toEqual([':40', '+OK', ':0', '$-1']);
  });

  test('says how it keeps what is written, and where it listens', async () => {
    const client = await open(0);
    const port = (ring.nodes[0] as RingNode).redisAddress?.split(':').at(-1);
    expect(await client.all('CONFIG GET append*', 'CONFIG GET port')).toEqual([
      '*4 $11 appendfsync $2 no $10 appendonly $2 no',
      `*2 $4 port $5 ${port}`,
    ]);
    expect(appendSettings('interval')).toEqual([
      ['appendfsync', 'everysec'],
      ['appendonly', 'yes'],
    ]);
    expect(appendSettings('always')[0]).toEqual(['appendfsync', 'always']);
  });

  test('lets an end of a key be read as it was set', async () => {
    const client = await open(1);
    const endsAtMs = Date.now() + 1_000_000;
    expect(await client.all(`SET till x PXAT ${endsAtMs}`, 'PEXPIRETIME till')).toEqual([
      '+OK',
      `:${endsAtMs}`,
    ]);
  });

  test('tells listeners of changes that are made through any other', async () => {
    const [listener, writer] = [await open(0), await open(2)];
    const channels = ['PSUBSCRIBE __keyspace@0__:ev*', 'SUBSCRIBE __keyevent@0__:del'];
    expect(await listener.all(...channels)).toEqual([
      '*3 $10 psubscribe $18 __keyspace@0__:ev* :1',
      '*3 $9 subscribe $18 __keyevent@0__:del :2',
    ]);
    await writer.all('SET evA 1', 'SET other 1');
    await writer.all('DEL evA');
    expect((await listener.replies(3)).sort()).toEqual([
      '*3 $7 message $18 __keyevent@0__:del $3 evA',
      '*4 $8 pmessage $18 __keyspace@0__:ev* $18 __keyspace@0__:evA $3 del',
      '*4 $8 pmessage $18 __keyspace@0__:ev* $18 __keyspace@0__:evA $3 set',
    ]);
    expect(await listener.all('GET x')).toEqual([
      "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
    ]);
    expect(await listener.all('SUBSCRIBE news')).toEqual([
      "-ERR 'news' would never tell anything: channels begin with __keyspace@0__: or __keyevent@0__:",
    ]);
    expect(await listener.all('RESET', 'GET evA')).toEqual(['+RESET', '$-1']);
  });
});

describe('listeners', () => {
  test('are told of changes everywhere on a ring that has changed meanwhile', async () => {
    const [listener, writer] = [await open(0), await open(1)];
    await listener.all('PSUBSCRIBE __keyspace@0__:moved*');
    const rounds = async (name: string): Promise<void> => {
      const keys = Array.from({ length: 40 }, (_, index) => `moved:${name}:${index}`);
      await writer.all(...keys.map((key) => `SET ${key} x`));
      const heard = new Set<string>();
      while (heard.size < keys.length) {
        const [told] = await listener.replies(1);
        heard.add(/__keyspace@0__:(moved:\S+) \$3 set$/.exec(told as string)?.[1] as string);
      }
      expect([...heard].sort()).toEqual([...keys].sort());
    };
    await rounds('before');
    const node = await ring.addNode();
    await ring.untilSettled();
    await rounds('joined');
    ring.nodes.splice(ring.nodes.indexOf(node), 1);
    await node.leave();
    await node.stop();
    await ring.untilSettled();
    await rounds('left');
  }, 60_000);
});

describe('a port that is taken', () => {
  test('fails the start and names the flag', async () => {
    const [, port] = ((ring.nodes[0] as RingNode).redisAddress as string).split(':');
    await expect(ring.addNode({ redis: { ...DOOR.redis, port: Number(port) } })).rejects.toThrow(
      /in use; choose another one with --redis-port or NODE_REDIS_PORT/,
    );
  });
});

describe('a pipeline', () => {
  test('of very many commands is answered in order', async () => {
    const client = await open(1);
    const count = 20_000;
    await client.all('DEL pipe');
    client.write(
      ...Array.from({ length: count }, (_, i) => (i % 2 === 0 ? ['INCR', 'pipe'] : ['ECHO', String(i)])),
    );
    const replies = await client.replies(count);
    const wrong = replies.findIndex((reply, i) =>
      i % 2 === 0 ? reply !== `:${i / 2 + 1}` : reply !== `$${String(i).length} ${i}`,
    );
    expect(wrong).toBe(-1);
  }, 60_000);

  test('of Set, Get, Incr and Get on one key is answered by place while nodes join and leave', async () => {
    const client = await open(0);
    let over = false;
    const changes = (async () => {
      const node = await ring.addNode();
      await ring.untilSettled();
      await node.leave();
      await node.stop();
      ring.nodes.splice(ring.nodes.indexOf(node), 1);
    })().finally(() => (over = true));
    for (let round = 0; !over || round < 20; round++) {
      const lines = Array.from({ length: 8 }, (_, i) => [
        `SET chg${i} ${round}`,
        `GET chg${i}`,
        `INCR chg${i}`,
        `GET chg${i}`,
      ]).flat();
      const number = (value: number): string => `$${String(value).length} ${value}`;
      const expected = Array.from({ length: 8 }, () => [
        '+OK',
        number(round),
        `:${round + 1}`,
        number(round + 1),
      ]);
      expect(await client.all(...lines)).toEqual(expected.flat());
    }
    await changes;
  }, 60_000);
});

describe('a caller', () => {
  test('that sends what is no command is told so, after everything before it', async () => {
    const client = await open();
    client.raw(`${encoded(['SET', 'bad', '1'])}*1\r\n$abc\r\n${encoded(['SET', 'bad', '2'])}`);
    expect(await client.replies(3)).toEqual(['+OK', '-ERR Protocol error: invalid bulk length']);
    await client.untilEnded();
    expect(await (await open()).all('GET bad')).toEqual(['$1 1']);
  });

  test('that goes on sending what is no command is cut, and has been told', async () => {
    const client = await open();
    client.raw('*\0\r\n');
    const flood = setInterval(() => client.raw('A'.repeat(64 * 1024)), 1);
    await client.untilEnded();
    clearInterval(flood);
    expect(await client.replies(1)).toEqual(['-ERR Protocol error: invalid multibulk length']);
  });

  test.each(['POST / HTTP/1.1', 'GET / HTTP/1.1\r\nHost: localhost:1'])(
    'that speaks HTTP (%j) is left',
    async (head) => {
      const client = await open();
      client.raw(`${head}\r\n\r\nSET fromweb 1\r\n`);
      await client.untilEnded();
      expect(await (await open()).all('GET fromweb')).toEqual(['$-1']);
    },
  );

  test('that quits is answered first', async () => {
    const client = await open();
    expect(await client.all('SET q 1', 'QUIT')).toEqual(['+OK', '+OK']);
    client.raw(encoded(['SET', 'q', '2']));
    await client.untilEnded();
    expect(await (await open()).all('GET q')).toEqual(['$1 1']);
  });

  test('that ends its side is answered first', async () => {
    const client = await open();
    client.socket.end(
      encoded(['SET', 'half', '1']) + encoded(['GET', 'half']) + '*2\r\n$3\r\nGET\r\n',
      'latin1',
    );
    expect(await client.replies(2)).toEqual(['+OK', '$1 1']);
    await client.untilEnded();
  });

  test('that goes away within a transaction leaves nothing of it', async () => {
    const client = await open();
    await client.all('MULTI', 'SET left 1');
    client.close();
    expect(await (await open()).all('GET left')).toEqual(['$-1']);
  });

  test('with half a command and silence hinders nobody', async () => {
    const silent = await open();
    silent.raw('*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$1000000\r\nabc');
    expect(await (await open()).all('PING')).toEqual(['+PONG']);
  });

  test('that reads nothing is not read any more, and goes on when it reads', async () => {
    const client = await open();
    const value = 'v'.repeat(100_000);
    client.write(['SET', 'big', value]);
    await client.replies(1);
    client.socket.pause();
    const gets = COMMANDS_UNANSWERED_MAX;
    client.write(...Array.from({ length: gets }, () => ['GET', 'big']));
    const other = await open();
    expect(await other.all('PING')).toEqual(['+PONG']);
    expect(process.memoryUsage().rss).toBeLessThan(1.5e9);
    client.socket.resume();
    const replies = await client.replies(gets);
    expect(replies.every((reply) => reply.length === value.length + 8)).toBe(true);
  }, 60_000);

  test('one too many is refused in the words of Redis', async () => {
    const node = await ring.addNode({ redis: { ...DOOR.redis, connectionsMax: 2 } });
    const address = node.redisAddress as string;
    const [one, two, three] = [
      await RespClient.open(address),
      await RespClient.open(address),
      await RespClient.open(address),
    ];
    clients.push(one, two, three);
    expect(await three.replies(1)).toEqual(['-ERR max number of clients reached']);
    await three.untilEnded();
    expect([await one.all('PING'), await two.all('PING')]).toEqual([['+PONG'], ['+PONG']]);
    one.close();
    const again = async (): Promise<string[]> => {
      const client = await RespClient.open(address);
      clients.push(client);
      return client.all('PING');
    };
    let told = await again();
    while (told[0] !== '+PONG') told = await again();
    ring.nodes.splice(ring.nodes.indexOf(node), 1);
    await node.leave();
    await node.stop();
  }, 30_000);

  test('may not delete all keys unless the node was started so', async () => {
    const node = await ring.addNode({ redis: { host: '127.0.0.1', port: 0, allowFlush: false } });
    ring.nodes.splice(ring.nodes.indexOf(node), 1);
    const client = await RespClient.open(node.redisAddress as string);
    clients.push(client);
    expect(await client.all('FLUSHALL')).toEqual([
      '-ERR this node was started without --allow-flush (NODE_ALLOW_FLUSH), so nothing was deleted',
    ]);
    await node.leave();
    await node.stop();
    await client.untilEnded();
  }, 30_000);
});

describe('a node that stops', () => {
  test('answers what has come before it ends a connection', async () => {
    const node = await ring.addNode(DOOR);
    ring.nodes.splice(ring.nodes.indexOf(node), 1);
    const client = await RespClient.open(node.redisAddress as string);
    clients.push(client);
    await client.all('PING');
    client.write(...Array.from({ length: 500 }, (_, i) => ['SET', `stop${i}`, 'x']));
    client.write(['ECHO', 'last']);
    await client.replies(1);
    await node.leave();
    const stopped = node.stop();
    const replies = await client.replies(500);
    expect(replies.at(-1)).toBe('$4 last');
    await client.untilEnded();
    await stopped;
  }, 30_000);
});
