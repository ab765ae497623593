/**
 * `npm run bench -- http`: keep-alive GETs of a key at the door for HTTP, divided by those of the HTTP server of Node.js
 * when it answers a constant of the same length: what of the server is left when it is a ring's.
 */

import { option, optionValues } from '@ringkeep/process/command-line';
import { compiled, cpuMicroseconds, freePort, withTemporaryRing } from '@ringkeep/local-ring';
import { integers, PACE_OPTIONS, paceOf } from '../bench-options';
import { benchCommand } from '../command';
import type { Pace } from '../contest';
import { HttpConnections } from '../load/http-connections';
import { count, spreadText } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish, type TableData } from '../report/results';
import { spreadOf } from '../report/spread';
import { KeptProcess } from '../systems/kept-process';
import { VALUE_BYTES } from '../workloads';

const KEY = 'key';
const PATH = `/v1/keys/${KEY}`;
const AIM = 0.7;
const SERVER = compiled('packages/bench/dist/systems/http-constant-server.js');

const specs = {
  concurrency: option({
    flag: '--concurrency <counts>',
    text: 'connections, each with one request outstanding',
    read: integers(1, 10_000),
    default: [64],
    defaultText: '64',
  }),
  valueBytes: option({
    flag: '--value-bytes <count>',
    text: 'bytes of the value',
    read: optionValues.integer(0, 1 << 20),
    default: VALUE_BYTES,
  }),
  ...PACE_OPTIONS,
};

export const http = benchCommand(
  'http',
  'GETs of a key over HTTP, against the HTTP server of Node.js answering a constant.',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const { valueBytes, concurrency, output } = options;
    const [port, constantPort] = [await freePort(), await freePort()];
    const setup = {
      ...{ name: 'bench-http', nodes: 1, replicationFactor: 1 },
      nodeArgs: ['--http-port', String(port)],
    };
    const constant = await KeptProcess.start(process.execPath, [
      SERVER,
      String(constantPort),
      String(valueBytes),
    ]);
    const points = await withTemporaryRing(setup, async ({ ring, client }) => {
      await constant.listens(constantPort);
      await client.set(KEY, Buffer.alloc(valueBytes, 'v'));
      // The last of them is the node's.
      const node = { name: 'Ringkeep, GET of a key', port, pid: ring.pids.at(-1) as number };
      const peer = { name: 'node:http, a constant', port: constantPort, pid: constant.pid };
      const measured: Point[] = [];
      for (const connections of concurrency)
        measured.push(...(await inTurn([node, peer], connections, paceOf(options), abort)));
      return measured;
    }).finally(() => constant.stop());
    const verdicts = concurrency.map((connections) => verdictOf(points, connections));
    await publish(
      { name: 'http', machine, tables: [tableOf(points)], verdicts, data: { valueBytes, points } },
      output,
    );
    return 0;
  },
);

interface Server {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

interface Point {
  readonly name: string;
  readonly connections: number;
  readonly perSecond: readonly number[];
  /** Of the server's process, µs a request. */
  readonly serverUs: readonly number[];
}

/** One after the other, and again, so that what the machine does meanwhile is done to both. */
async function inTurn(
  servers: readonly Server[],
  connections: number,
  { rounds, warmUpMs, measureMs }: Pace,
  abort: AbortSignal,
): Promise<Point[]> {
  const points = servers.map(({ name }) => ({
    ...{ name, connections },
    perSecond: [] as number[],
    serverUs: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { port, pid }] of servers.entries()) {
      const load = await HttpConnections.open(port, connections, PATH);
      await load.measure(warmUpMs, abort);
      const [cpuUs, answered] = [cpuMicroseconds([pid]) ?? Number.NaN, load.answered];
      points[index]?.perSecond.push(await load.measure(measureMs, abort));
      points[index]?.serverUs.push(
        ((cpuMicroseconds([pid]) ?? Number.NaN) - cpuUs) / (load.answered - answered),
      );
      load.close();
    }
  }
  return points;
}

function tableOf(points: readonly Point[]): TableData {
  return {
    head: ['server', 'connections', 'requests a second', 'spread', 'server, µs a request'],
    rows: points.map(({ name, connections, perSecond, serverUs }) => {
      const rate = spreadOf(perSecond);
      return [
        name,
        count(connections),
        count(rate.median),
        spreadText(rate),
        spreadOf(serverUs).median.toFixed(1),
      ];
    }),
  };
}

function verdictOf(points: readonly Point[], connections: number): string {
  const [node, constant] = points.filter((point) => point.connections === connections) as [Point, Point];
  const ratio = spreadOf(node.perSecond.map((rate, round) => rate / (constant.perSecond[round] as number)));
  const verdict = ratio.median >= AIM ? 'met' : 'missed';
  return (
    `${count(connections)} connections: ${ratio.median.toFixed(2)} of node:http ` +
    `(${ratio.least.toFixed(2)} to ${ratio.most.toFixed(2)}), aim ${AIM}, ${verdict}`
  );
}
