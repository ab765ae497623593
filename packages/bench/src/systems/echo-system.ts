/** The bare gRPC server as a system: the ceiling of what a store over grpc-js can do with a call or message an operation. */

import { compiled, freePort } from '@ringkeep/local-ring';
import { KeptProcess } from './kept-process';
import type { System } from './system';

const SERVER = compiled('packages/bench/dist/systems/echo-server.js');

export async function startEcho(valueBytes: number): Promise<System> {
  const port = await freePort();
  const server = await KeptProcess.start(process.execPath, [SERVER, String(port)]);
  try {
    await server.listens(port);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    label: 'grpc-js echo',
    durability: 'keeps nothing',
    copies: 0,
    nodes: 1,
    pids: [server.pid],
    target: (way) => ({ kind: 'grpc-echo', port, call: way === 'unary' ? 'unary' : 'stream', valueBytes }),
    stop: () => server.stop(),
  };
}
