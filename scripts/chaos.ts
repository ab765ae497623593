/**
 * `npm run chaos`: a ring of real processes under kill -9, SIGSTOP, cut links, registry failures, joins and leaves,
 * disks that are full, emptied, put back or lose what was not synced, and clocks that are set. Clients write and read
 * throughout, and every answer that they get is judged.
 *
 * The seed draws the faults. At the end everything is healed, the ring comes to rest, and every key is read through
 * every node. The run fails if the history of a key is not linearizable, an acknowledged write is missing, a process
 * ends by itself, the ring does not come to rest, or copies differ in number.
 */

import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  option,
  optionValues,
  EXIT_INTERRUPTED,
  runScript,
  untilInterrupted,
} from '@ringkeep/process/command-line';
import { ChaosRun } from './chaos/chaos-run';
import { FAULT_KINDS, readKinds } from './chaos/faults';
import { report } from './chaos/report';

const specs = {
  minutes: option({
    flag: '--minutes <count>',
    text: 'how long faults go on',
    read: optionValues.integer(1, 24 * 60),
    default: 3,
  }),
  seed: option({
    flag: '--seed <number>',
    text: 'seed of the faults and of what the clients do',
    read: optionValues.integer(0, 2 ** 31),
    default: 1,
  }),
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes that stay',
    read: optionValues.integer(3, 16),
    default: 5,
  }),
  replication: option({
    flag: '--replication-factor <count>',
    text: 'copies of each key',
    read: optionValues.integer(1, 7),
    default: 3,
  }),
  clients: option({
    flag: '--clients <count>',
    text: 'clients with the library; half as many ask any node',
    read: optionValues.integer(1, 256),
    default: 16,
  }),
  keys: option({
    flag: '--keys <count>',
    text: 'keys, beside a few hot ones',
    read: optionValues.integer(1, 100_000),
    default: 200,
  }),
  nemesis: option({
    flag: '--nemesis <list>',
    text: `the faults, separated by commas: all; old (processes and links) or new (disks, clocks, addresses); or ${Object.keys(FAULT_KINDS).join(', ')}`,
    read: readKinds,
    default: readKinds('all'),
    defaultText: 'all',
  }),
  durability: option({
    flag: '--durability <when>',
    text: 'durability of the nodes; with interval or none, a power cut is expected to lose writes',
    read: optionValues.choice('always', 'interval', 'none'),
    default: 'always' as const,
  }),
  output: option({
    flag: '--output <folder>',
    text: 'where the history and the logs of a run that fails are kept',
    read: optionValues.text,
    default: './chaos-failures',
  }),
};

const script = {
  name: 'npm run chaos --',
  text: 'Puts a ring of real processes through faults under load and judges every answer.',
  specs,
};

runScript(script, async (options) => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-chaos-'));
  const kept = join(options.output, `seed-${options.seed}`);
  await rm(kept, { recursive: true, force: true });
  await mkdir(kept, { recursive: true });
  const stopping = new AbortController();
  const run = new ChaosRun({ ...options, folder, logFolder: kept }, stopping.signal);
  // A second Ctrl-C ends this process at once; a paused node would not notice.
  process.once('exit', () => run.killNow());
  let failed = true;
  try {
    const code = await Promise.race([
      untilInterrupted().then(() => EXIT_INTERRUPTED),
      run.outcome().then((outcome) => report(outcome, kept)),
    ]);
    failed = code !== 0 && code !== EXIT_INTERRUPTED;
    return code;
  } finally {
    stopping.abort();
    await run.stop();
    await rm(folder, { recursive: true, force: true });
    if (failed) console.log(`seed ${options.seed}: history and logs are kept in ${kept}`);
    else await forget(kept, options.output);
  }
});

/** Nothing to keep: the folder of all runs is removed too, unless other runs have left something there. */
async function forget(kept: string, output: string): Promise<void> {
  await rm(kept, { recursive: true, force: true });
  await rmdir(output).catch(() => undefined);
}
