#!/usr/bin/env node
/** `npm run cli`: the command line and the prompt. */

import { runCommandLine } from './program';

runCommandLine({ name: 'npm run cli --' }, process.argv.slice(2));
