/**
 * `npm run bench -- redis-door`: a node's door for Redis clients beside Redis itself, with the same durability and in
 * turns: by redis-benchmark, and by the two client libraries of Node.js.
 */

import { option, optionValues } from '@ringkeep/process/command-line';
import { integers, LOAD_OPTIONS, names, PACE_OPTIONS, paceOf } from '../bench-options';
import { benchCommand } from '../command';
import { Contest, type ContestantSpec } from '../contest';
import { REDIS_TESTS, redisBenchmark, type RedisTest } from '../load/redis-benchmark';
import { count, spreadText } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';
import { spreadOf } from '../report/spread';
import { KEY_BYTES, plainWorkload } from '../workloads';

const CLIENTS = ['ioredis', 'node-redis'] as const;
/** What redis-benchmark takes unless it is told otherwise. */
const VALUE_BYTES = 3;
const KEYS_OF_MSET = 10;
/** A pipeline of many commands is about so many times as fast as single ones. */
const PIPELINE_GAIN_MAX = 8;
const CLIENT_CONCURRENCY = 64;
const CLIENT_AIM = 0.9;

const specs = {
  tests: option({
    flag: '--tests <names>',
    text: `by redis-benchmark: some of ${REDIS_TESTS.join(', ')}`,
    read: names(...REDIS_TESTS),
    default: [...REDIS_TESTS],
    defaultText: REDIS_TESTS.join(','),
  }),
  pipelines: option({
    flag: '--pipelines <counts>',
    text: 'commands that a connection sends at once',
    read: integers(1, 1_024),
    default: [1, 16],
    defaultText: '1,16',
  }),
  connections: option({
    flag: '--connections <counts>',
    text: 'connections of redis-benchmark',
    read: integers(1, 10_000),
    default: [50, 500],
    defaultText: '50,500',
  }),
  requests: option({
    flag: '--requests <count>',
    text: 'requests of a measurement at P = 1; up to eight times as many in pipelines, a tenth of MSET',
    read: optionValues.integer(100, 100_000_000),
    default: 50_000,
  }),
  clients: option({
    flag: '--clients <names>',
    text: `GET with ${CLIENT_CONCURRENCY} outstanding by some of ${CLIENTS.join(', ')}, or none`,
    read: names(...CLIENTS, 'none'),
    default: [...CLIENTS] as (typeof CLIENTS | readonly ['none'])[number][],
    defaultText: CLIENTS.join(','),
  }),
  memory: option({
    flag: '--memory',
    text: 'no durability: the node keeps everything in memory, Redis has no append-only file',
    read: optionValues.yesOrNo,
    default: false,
  }),
  keys: LOAD_OPTIONS.keys,
  ...PACE_OPTIONS,
};

interface Row {
  readonly work: string;
  readonly door: readonly number[];
  readonly redis: readonly number[];
  readonly aim: number | undefined;
}

export const redisDoor = benchCommand(
  'redis-door',
  'The door for Redis clients beside Redis: redis-benchmark, ioredis and node-redis, in turns.',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const pace = paceOf(options);
    const { memory, keys } = options;
    const clients = CLIENTS.filter((client) => options.clients.includes(client));
    const contest = await Contest.open(
      contestantsOf(clients.length > 0 ? clients : ['ioredis'], memory),
      abort,
    );
    const rows: Row[] = [];
    try {
      for (const point of pointsOf(options))
        rows.push(await measured(contest, point, pace.rounds, keys, abort));
      const workload = plainWorkload('get', { keys, keyBytes: KEY_BYTES, valueBytes: VALUE_BYTES });
      if (clients.length > 0) await contest.load(workload, abort);
      for (const client of clients) {
        const loop = { kind: 'closed', concurrency: CLIENT_CONCURRENCY } as const;
        const only = [doorBy(client), redisBy(client)];
        const [door, redis] = await contest.measure([{ workload, loop, only }], pace, abort);
        const rates = (figure: typeof door): number[] =>
          (figure?.samples ?? []).map(({ completed, seconds }) => completed / seconds);
        const work = `GET by ${client}, C = ${CLIENT_CONCURRENCY}`;
        rows.push({ work, door: rates(door), redis: rates(redis), aim: CLIENT_AIM });
      }
    } finally {
      await contest.close();
    }
    const head = ['work', 'node, a second', 'spread', 'Redis, a second', 'spread', 'ratio', 'aim', 'verdict'];
    const durability = memory ? 'none' : '--durability always, appendfsync always';
    await publish(
      {
        name: 'redis-door',
        machine,
        tables: [{ head, rows: rows.map(cellsOf) }],
        verdicts: [`${count(keys)} keys, values of ${VALUE_BYTES} bytes, 1 node, durability: ${durability}`],
        data: { keys, valueBytes: VALUE_BYTES, rows },
      },
      options.output,
    );
    return 0;
  },
);

function doorBy(client: string): string {
  return `the door by ${client}`;
}

function redisBy(client: string): string {
  return `Redis by ${client}`;
}

function contestantsOf(clients: readonly string[], memory: boolean): ContestantSpec[] {
  const storage = memory ? 'memory' : 'disk';
  const ring = { kind: 'ring', nodes: 1, copies: 1, storage, doorsOpen: true } as const;
  const redis = { kind: 'redis', appendOnly: !memory } as const;
  return clients.flatMap((way) => [
    { name: doorBy(way), system: ring, way },
    { name: redisBy(way), system: redis, way },
  ]);
}

interface BenchmarkPoint {
  readonly test: RedisTest;
  readonly pipeline: number;
  readonly connections: number;
  readonly requests: number;
}

/** What is written comes first: then there is something to read. */
function pointsOf(options: {
  readonly tests: readonly RedisTest[];
  readonly pipelines: readonly number[];
  readonly connections: readonly number[];
  readonly requests: number;
}): BenchmarkPoint[] {
  const order: readonly RedisTest[] = ['set', 'get', 'incr', 'mset'];
  return order
    .filter((test) => options.tests.includes(test))
    .flatMap((test) =>
      options.pipelines.flatMap((pipeline) =>
        options.connections.map((connections) => {
          const more = Math.min(pipeline, PIPELINE_GAIN_MAX) / (test === 'mset' ? KEYS_OF_MSET : 1);
          return { test, pipeline, connections, requests: Math.ceil(options.requests * more) };
        }),
      ),
    );
}

async function measured(
  contest: Contest,
  point: BenchmarkPoint,
  rounds: number,
  keys: number,
  abort: AbortSignal,
): Promise<Row> {
  const { test, pipeline, connections } = point;
  const [door, redis] = await contest.inTurnBySystem(
    rounds,
    ({ redisPort }) =>
      redisBenchmark({ ...point, port: redisPort as number, keys, valueBytes: VALUE_BYTES }, abort),
    abort,
  );
  const work = `${test.toUpperCase()}, P = ${pipeline}, C = ${connections}`;
  return { work, door: door ?? [], redis: redis ?? [], aim: aimOf(point) };
}

/** Of single commands it is said what they are, and nothing promised. */
function aimOf({ test, pipeline }: BenchmarkPoint): number | undefined {
  if (pipeline === 1) return undefined;
  if (test === 'get') return 0.8;
  return test === 'set' ? 1 : undefined;
}

function cellsOf({ work, door, redis, aim }: Row): string[] {
  if (door.length === 0 || redis.length === 0) return [work, '–', '', '–', '', '–', '', 'not measured'];
  const [here, there] = [spreadOf(door), spreadOf(redis)];
  const ratio = here.median / there.median;
  const verdict = aim === undefined ? '' : ratio >= aim ? 'met' : 'MISSED';
  return [
    work,
    count(here.median),
    spreadText(here),
    count(there.median),
    spreadText(there),
    ratio.toFixed(2),
    aim === undefined ? '' : `≥ ${aim}`,
    verdict,
  ];
}
