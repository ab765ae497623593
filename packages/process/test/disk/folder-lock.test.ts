import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '@ringkeep/process/disk';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A process that listens where a lock's socket would be, and says `word` to whoever asks. */
async function contender(word: string): Promise<ChildProcess> {
  const path = join(folder, 'lock-0123456789abcdef');
  const script = `require('net').createServer((s) => s.write(${JSON.stringify(word)}))
    .listen(${JSON.stringify(path)}, () => console.log('listening'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('the lock of a folder', () => {
  test('makes the folder, keeps others out, and says who holds it', async () => {
    const inner = join(folder, 'a', 'b');
    const lock = await lockFolder(inner, 'a node');
    await expect(lockFolder(inner, 'another')).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: `the folder ${inner} is in use by another process (a node, process ${process.pid})`,
    });
    await lock.release();
    await (await lockFolder(inner, 'another')).release();
    expect(await readdir(inner)).toEqual([]);
  });

  test('of many that start at once exactly one gets it', async () => {
    for (let round = 0; round < 10; round++) {
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, () => lockFolder(folder, 'one of many')),
      );
      const got = tries.filter((outcome) => outcome.status === 'fulfilled');
      expect(got).toHaveLength(1);
      for (const { value } of got) await value.release();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test('is freed by kill -9 of its holder', async () => {
    const child = await contender('held a process to be killed\n');
    await expect(lockFolder(folder, 'a node')).rejects.toThrow('a process to be killed');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await lockFolder(folder, 'a node')).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('is not freed while its holder is stopped', async () => {
    const child = await contender('held a stopped process\n');
    child.kill('SIGSTOP');
    await expect(lockFolder(folder, 'a node')).rejects.toThrow('it does not answer');
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  test('works in a folder whose path is longer than a socket address', async () => {
    const long = join(folder, 'x'.repeat(100), 'y'.repeat(100));
    const lock = await lockFolder(long, 'a node');
    await expect(lockFolder(long, 'another')).rejects.toThrow('in use');
    await lock.release();
  });

  test('a holder that closes connections, for want of descriptors, still holds it', async () => {
    const busy = createServer((asker) => asker.destroy());
    await new Promise<void>((resolve) => busy.listen(join(folder, 'lock-0123456789abcdef'), resolve));
    await expect(lockFolder(folder, 'a node')).rejects.toThrow('in use by another process');
    busy.close();
  });

  test('a folder that cannot be is an error that names it', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(lockFolder(file, 'a node')).rejects.toThrow(`cannot use the folder ${file}`);
  });
});
