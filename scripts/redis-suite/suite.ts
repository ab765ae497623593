/** The suite as it is run: a copy with three lines changed, one process a file. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RingError } from '@ringkeep/shared';

/** A case that waits for what never comes. */
const FILE_MS_MAX = 600_000;

export interface PreparedSuite {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/** Throws INVALID_ARGUMENT when the folder has no suite that is known here. */
export async function preparedSuite(sources: string): Promise<PreparedSuite> {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-redis-suite-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await cp(join(sources, 'tests'), join(folder, 'tests'), { recursive: true });
    // There are no functions to flush.
    await change(join(folder, 'tests/support/server.tcl'), /^ *r function flush$/m, '');
    // A case that fails half-way must not take the next ones with it, as one does within MULTI: they get a new
    // connection, unless the file reads the replies of several cases by hand.
    const cases = join(folder, 'tests/support/test.tcl');
    await change(
      cases,
      /^( *)(send_data_packet \$::test_server_fd testing \$name)$/m,
      '$1$2\n$1set ::by_hand 1\n$1catch {regexp {\\d+$} [srv 0 client] id; set ::by_hand $::redis::deferred($id)}',
    );
    await change(cases, /^( *)(set failed true)$/m, '$1$2\n$1if {!$::by_hand} {catch {reconnect}}');
  } catch (error) {
    await remove();
    throw new RingError(
      'INVALID_ARGUMENT',
      `no test suite of Redis in ${sources}: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  return { folder, remove };
}

async function change(path: string, line: RegExp, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!line.test(text)) throw new Error(`${path} has no line ${line.source}`);
  await writeFile(path, text.replace(line, to));
}

/** What it prints, without colours. */
export async function runFile(folder: string, file: string, port: number): Promise<string> {
  const args = ['--host', '127.0.0.1', '--port', String(port), '--singledb', '--durable', '--clients', '1'];
  const tests = ['tests/test_helper.tcl', ...args, '--ignore-encoding', '--ignore-digest', '--single', file];
  const child = spawn('tclsh', tests, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const timer = setTimeout(() => child.kill('SIGKILL'), FILE_MS_MAX);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  // eslint-disable-next-line no-control-regex -- colours are control characters
  const plain = text.replace(/\x1b\[[0-9;]*m/g, '');
  return code === null ? `${plain}\n[err]: the file did not end within ${FILE_MS_MAX} ms\n` : plain;
}

/** The commands that the door says it has. */
export async function commandsOf(port: number): Promise<ReadonlySet<string>> {
  const socket = connect(port, '127.0.0.1');
  socket.end('COMMAND LIST\r\nQUIT\r\n');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  await once(socket, 'close');
  return new Set(text.split('\r\n').filter((line) => /^[a-z]+$/.test(line)));
}
