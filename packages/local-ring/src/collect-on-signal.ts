/**
 * Loaded into a node by `--require`: a full garbage collection at SIGUSR2, so that what is alive can be told from what V8
 * has not yet come to collect. It says what is held then: objects, and bytes outside V8's heap.
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
