#!/usr/bin/env node
/** `npm run registry`: the registry as a process. */

import { runRegistry } from './program';

runRegistry('npm run registry --', process.argv.slice(2));
