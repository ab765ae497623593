/** `npm run bench -- WHAT`: the benchmarks, each with options of its own. */

import type { BenchCommand } from './command';
import { clusters } from './commands/clusters';
import { expiry } from './commands/expiry';
import { http } from './commands/http';
import { importing } from './commands/import';
import { latency } from './commands/latency';
import { ratios } from './commands/ratios';
import { redisDoor } from './commands/redis-door';
import { ringSize } from './commands/ring-size';
import { scans } from './commands/scans';
import { soak } from './commands/soak';
import { throughput } from './commands/throughput';
import { trace } from './commands/trace';
import { watches } from './commands/watches';
import { ycsb } from './commands/ycsb';

const COMMANDS: readonly BenchCommand[] = [
  throughput,
  latency,
  ringSize,
  ycsb,
  clusters,
  trace,
  ratios,
  soak,
  expiry,
  scans,
  watches,
  http,
  importing,
  redisDoor,
];

const [name = '--help', ...args] = process.argv.slice(2);
const command = COMMANDS.find((known) => known.name === name);
if (command) {
  command.start(args);
} else {
  const width = Math.max(...COMMANDS.map((known) => known.name.length));
  const list = COMMANDS.map((known) => `  ${known.name.padEnd(width)}  ${known.text}`).join('\n');
  const usage = `Usage: npm run bench -- <what> [options]\n\n${list}\n\nEach has a --help of its own.`;
  if (name === '--help' || name === '-h') console.log(usage);
  else console.error(`error: there is no benchmark ${JSON.stringify(name)}\n\n${usage}`);
  process.exit(name === '--help' || name === '-h' ? 0 : 2);
}
