/**
 * Loaded into a node by `--require`: a full garbage collection at SIGUSR2, so that what is alive can be told from what V8
 * has not yet come to collect.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('SIGUSR2', () => collect());
