/**
 * Loaded into a node by `--require`. At SIGUSR2 it runs a full garbage collection, so that live memory can be told from
 * memory that V8 has not collected yet. It then prints what is held: objects, and bytes outside V8's heap.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('SIGUSR2', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`collected: ${heapUsed + external} bytes are held\n`);
});
