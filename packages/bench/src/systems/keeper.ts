/**
 * Runs a server that is not ours, and ends it when the benchmark is gone, even by SIGKILL: such a server does not watch
 * a channel as the nodes of a ring do. `node keeper.js COMMAND ARGUMENTS…`
 *
 * It reports over the channel the process number of the server, and later how the server ended.
 */

import { spawn } from 'node:child_process';

const [command = '', ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

server.on('spawn', () => process.send?.({ pid: server.pid }));
server.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
server.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 0 : 1)));

process.on('SIGTERM', () => server.kill('SIGTERM'));
// Ctrl-C is for the benchmark, which then stops everything in order.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => server.kill('SIGKILL'));
