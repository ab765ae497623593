#!/usr/bin/env node
/** `npm run dht -- PORT`: a node as a process. */

import { runNode } from './program';

runNode('npm run dht --', process.argv.slice(2));
