/**
 * A lock on a data folder: one process at a time, freed by the kernel when the process dies.
 *
 * Each contender listens on a Unix socket of its own in the folder, and only then looks for the others':
 *
 * 1. It listens under a hidden name, then renames the socket to `lock-<ticket>`. So a visible socket that refuses
 *    connections belongs to a dead process, and anyone may remove it.
 * 2. It connects to every other visible socket. Of two contenders at least one sees the other, since both listened
 *    before they looked. Each says whether it holds the lock or is still looking.
 * 3. It gives up if it meets a holder, or a lower ticket that is still looking. For a higher ticket it waits until that
 *    one has decided. So of any number that start at once, one gets the lock.
 *
 * Why not a file with a process id: ids mean nothing in another container, and are used again. Why not flock: Node.js
 * has none. Sockets are found by inode, so this works across containers that share a volume. Across machines that share
 * a network file system it does not work, and nothing is promised there.
 */

import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RingError } from '@ringkeep/shared';
import { checkRoomToStart } from './disk-room';
import { makeFolder } from './sync-folder';

export interface FolderLock {
  readonly folder: string;
  /** The name of the lock's file in it, if there is one. As long as it exists, nobody else gets the lock. */
  readonly file?: string;
  /** Idempotent. */
  release(): Promise<void>;
}

const VISIBLE = /^lock-[0-9a-f]{16}$/;
/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, the final zero included. */
const SOCKET_PATH_BYTES_MAX = 100;
/** How long a contender waits for another one's answer before it takes it for a holder that is stopped. */
const ANSWER_TIMEOUT_MS = 1_000;
/** Pause before a contender that closed the connection is asked again. */
const ASK_AGAIN_MS = 50;
const HELD = 'held';
const LOOKING = 'looking';

type Finding = { readonly state: 'gone' } | { readonly state: 'held' | 'looking'; readonly by: string };

/**
 * Makes the folder if need be and locks it. `purpose` is what another contender is told ("a registry").
 * Throws FAILED_PRECONDITION naming the folder and its user when it is locked, and RESOURCE_EXHAUSTED when its disk has
 * no room for a process to start.
 */
export async function lockFolder(folder: string, purpose: string): Promise<FolderLock> {
  const directory = await openFolder(folder);
  try {
    await checkRoomToStart(folder, purpose);
    const contender = await Contender.listen(folder, directory, `${purpose}, process ${process.pid}`);
    try {
      await contender.outlast();
    } catch (error) {
      await contender.release();
      throw error;
    }
    return contender;
  } finally {
    closeSync(directory);
  }
}

async function openFolder(folder: string): Promise<number> {
  try {
    await makeFolder(folder);
    return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    const text = `cannot use the folder ${folder}: ${(error as Error).message}`;
    throw new RingError('FAILED_PRECONDITION', text, { cause: error });
  }
}

class Contender implements FolderLock {
  private held = false;
  private readonly askers = new Set<Socket>();

  private constructor(
    readonly folder: string,
    private readonly directory: number,
    readonly file: string,
    private readonly by: string,
    private readonly server: Server,
  ) {}

  static async listen(folder: string, directory: number, by: string): Promise<Contender> {
    const name = `lock-${randomBytes(8).toString('hex')}`;
    const server = createServer();
    const contender = new Contender(folder, directory, name, by, server);
    server.on('connection', (asker) => contender.answer(asker));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const text = `cannot lock the folder ${folder} with a Unix socket: ${error.message}`;
        reject(new RingError('FAILED_PRECONDITION', text, { cause: error }));
      });
      server.listen(socketPath(folder, directory, `.${name}`), resolve);
    });
    server.unref();
    await rename(join(folder, `.${name}`), join(folder, name));
    return contender;
  }

  async outlast(): Promise<void> {
    for (const other of (await readdir(this.folder)).filter((name) => VISIBLE.test(name))) {
      if (other === this.file) continue;
      const finding = await ask(socketPath(this.folder, this.directory, other), other > this.file);
      if (finding.state === 'gone') await rm(join(this.folder, other), { force: true });
      else {
        const text = `the folder ${this.folder} is in use by another process (${finding.by})`;
        throw new RingError('FAILED_PRECONDITION', text);
      }
    }
    this.held = true;
    for (const asker of this.askers) asker.write(this.word());
  }

  async release(): Promise<void> {
    this.server.close();
    for (const asker of this.askers) asker.destroy();
    await rm(join(this.folder, this.file), { force: true });
  }

  private answer(asker: Socket): void {
    asker.unref();
    this.askers.add(asker);
    asker.on('close', () => this.askers.delete(asker));
    asker.on('error', () => asker.destroy());
    asker.write(this.word());
  }

  private word(): string {
    return `${this.held ? HELD : LOOKING} ${this.by}\n`;
  }
}

/**
 * What the contender behind a socket is; with `patient`, once it is no longer looking. Only a refused connection proves
 * that it is gone. A connection that is merely closed (its process may be out of descriptors) is tried again.
 */
async function ask(path: string, patient: boolean): Promise<Finding> {
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  for (;;) {
    const finding = await askOnce(path, patient, deadline - performance.now());
    if (finding) return finding;
    if (performance.now() > deadline) return { state: 'held', by: 'it closes connections' };
    await pause(ASK_AGAIN_MS);
  }
}

function askOnce(path: string, patient: boolean, timeoutMs: number): Promise<Finding | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let heard = '';
    const conclude = (finding: Finding | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(finding);
    };
    const timer = setTimeout(() => conclude({ state: 'held', by: 'it does not answer' }), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      heard += text;
      const latest = heard.split('\n').at(-2);
      if (latest?.startsWith(HELD)) conclude({ state: 'held', by: latest.slice(HELD.length + 1) });
      else if (latest !== undefined && !patient) {
        conclude({ state: 'looking', by: latest.slice(LOOKING.length + 1) });
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') conclude({ state: 'gone' });
      else if (error.code === 'EACCES')
        conclude({ state: 'held', by: `it cannot be asked: ${error.message}` });
    });
    socket.on('close', () => conclude(undefined));
  });
}

/** A path of the socket that fits a socket address: through the open directory when the folder's is long. */
function socketPath(folder: string, directory: number, name: string): string {
  const direct = join(folder, name);
  const fits = Buffer.byteLength(direct) <= SOCKET_PATH_BYTES_MAX;
  return fits || process.platform !== 'linux' ? direct : `/proc/self/fd/${directory}/${name}`;
}
