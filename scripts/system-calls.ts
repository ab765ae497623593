/** A program run under strace, if that is installed and may trace: what it wrote and synced, in order. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CALLS =
  'openat,write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat';

export interface SystemCall {
  readonly name: string;
  /** The file's path, or what was written to the standard output. */
  readonly subject: string;
  /** Of a write: where, and how much. */
  readonly at: number;
  readonly bytes: number;
  readonly line: string;
}

/** Undefined, with a message, where nothing can be traced. */
export async function systemCalls(
  program: string,
  args: readonly string[],
): Promise<SystemCall[] | undefined> {
  const can = await promisify(execFile)('strace', ['-f', '-e', 'trace=none', 'true']).then(
    () => true,
    () => false,
  );
  if (!can) {
    process.stderr.write(
      'strace is missing or may not trace here, so the order of system calls is not checked\n',
    );
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-trace-'));
  const trace = join(folder, 'trace');
  try {
    const traced = ['-f', '-y', '-s', '40', '-e', `trace=${CALLS}`, '-o', trace];
    const child = spawn('strace', [...traced, process.execPath, '-e', program, ...args], { stdio: 'ignore' });
    await once(child, 'close');
    return parse(await readFile(trace, 'latin1'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** In the order in which they ended: a call that others ran beside is in two lines. */
function parse(trace: string): SystemCall[] {
  const begun = new Map<string, string>();
  const calls: SystemCall[] = [];
  for (const line of trace.split('\n')) {
    const [, process = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (rest.endsWith('<unfinished ...>')) begun.set(process, rest.slice(0, -'<unfinished ...>'.length));
    else calls.push(callOf(resumed ? `${begun.get(process) ?? ''}${resumed[1]}` : rest));
  }
  return calls.filter(({ name }) => name !== '');
}

/** Calls that have variants. */
const NAMES = ['write', 'rename', 'unlink'];
/** These are given a path; the others an open file. */
const BY_PATH = new Set(['openat', 'unlink', 'unlinkat']);

function callOf(line: string): SystemCall {
  const [, name = '', given = ''] = /^(\w+)\((.*)\) += /.exec(line) ?? [];
  const [, path = ''] = /^\d+<([^>]*)>/.exec(given) ?? [];
  const [, text = ''] = /"((?:[^"\\]|\\.)*)"/.exec(given) ?? [];
  const standardOutput = name === 'write' && given.startsWith('1<');
  const [, bytes = '0', at = '0'] = /, (\d+), (\d+)$/.exec(given) ?? [];
  return {
    name: NAMES.find((common) => name.replace(/^p/, '').startsWith(common)) ?? name,
    subject: standardOutput ? text.replace(/\\n$/, '') : BY_PATH.has(name) ? text : path,
    at: Number(at),
    bytes: Number(bytes),
    line,
  };
}

/** The part of LMDB's file that says which state counts is written by itself, and short. */
const META_BYTES = 128;

/** Commits of an LMDB file that were made to count before what they refer to was synced. */
export function commitsAheadOfTheirSync(calls: readonly SystemCall[], dataFile: string): string[] {
  const ahead: string[] = [];
  let unsynced = false;
  for (const { name, subject, bytes, line } of calls) {
    if (subject !== dataFile) continue;
    if (name === 'fsync' || name === 'fdatasync') unsynced = false;
    else if (name === 'write' && bytes !== META_BYTES) unsynced = true;
    else if (name === 'write' && unsynced) ahead.push(line);
  }
  return ahead;
}
