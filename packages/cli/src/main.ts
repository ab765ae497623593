#!/usr/bin/env node
/** The process: hands its terminal to the command line, and exits with its code. */

import { runCli } from './cli';

const enough = new AbortController();
process.once('SIGINT', () => enough.abort(new Error('interrupted')));
process.once('SIGTERM', () => enough.abort(new Error('terminated')));

const { stdin, stdout, stderr, env } = process;
void runCli(process.argv.slice(2), { stdin, stdout, stderr, env }, enough.signal).then((code) => {
  process.exitCode = code;
  // A pipe that was not read to its end would keep the process.
  stdin.destroy();
});
