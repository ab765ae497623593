import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Lifecycle, type Part } from '@ringkeep/process/running';

function recorded(): { said: string[]; part: (name: string, more?: Partial<Part>) => Part } {
  const said: string[] = [];
  const part = (name: string, more: Partial<Part> = {}): Part => ({
    name,
    drain: () => void said.push(`drain ${name}`),
    stop: () => void said.push(`stop ${name}`),
    ...more,
  });
  return { said, part };
}

describe('a lifecycle', () => {
  test('drains and stops in reverse order, once', async () => {
    const { said, part } = recorded();
    const life = new Lifecycle(1_000);
    await life.start(() => part('a'));
    await life.start(() => Promise.resolve(part('b')));
    await Promise.all([life.stop(), life.drain(), life.stop()]);
    await life.stop();
    expect(said).toEqual(['drain b', 'drain a', 'stop b', 'stop a']);
  });

  test('a part that does not start stops those before it and passes its error on', async () => {
    const { said, part } = recorded();
    const life = new Lifecycle(1_000);
    await life.start(() => part('a'));
    await expect(life.start(() => Promise.reject(new Error('no port')))).rejects.toThrow('no port');
    expect(said).toEqual(['drain a', 'stop a']);
  });

  test('a part that has started when everything is being stopped is stopped at once', async () => {
    const { said, part } = recorded();
    const life = new Lifecycle(1_000);
    await life.start(() => part('a'));
    let begun: (part: Part) => void = () => undefined;
    const starting = life.start(() => new Promise<Part>((resolve) => (begun = resolve)));
    await life.stop();
    begun(part('b'));
    await expect(starting).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(said).toEqual(['drain a', 'stop a', 'stop b']);
  });

  test('errors are collected and stop nothing', async () => {
    const { said, part } = recorded();
    const life = new Lifecycle(1_000);
    await life.start(() => part('a'));
    await life.start(() =>
      part('b', {
        drain: () => Promise.reject(new Error('stuck')),
        stop: () => {
          throw new Error('broken');
        },
      }),
    );
    await expect(life.stop()).rejects.toThrow('failed to stop: b: stuck; b: broken');
    expect(said).toEqual(['drain a', 'stop a']);
  });

  test('a part that takes for ever is left behind at the deadline', async () => {
    const { said, part } = recorded();
    const life = new Lifecycle(20);
    await life.start(() => part('a'));
    await life.start(() => part('b', { drain: () => new Promise(() => undefined) }));
    await expect(life.stop()).rejects.toThrow('b did not drain in time');
    expect(said).toEqual(['drain a', 'stop b', 'stop a']);
  });
});

describe('a process that is told to stop', () => {
  const runtime = join(__dirname, '../../dist/running');

  /** Runs until the deadline of 100 ms has passed after a SIGTERM. @returns exit code and signal */
  async function ended(stop: string): Promise<[number | null, string | null]> {
    const source = `
      require(${JSON.stringify(runtime)}).stopOnSignals(() => { ${stop} }, (code) => process.exit(code), 100);
      setInterval(() => undefined, 1000);
      console.log('ready');`;
    const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'] });
    const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    return exit;
  }

  test('exits at its deadline though a part hangs', async () => {
    expect(await ended('return new Promise(() => undefined);')).toEqual([1, null]);
  });

  test('is killed a moment after its deadline though its only thread hangs', async () => {
    const hang = 'return new Promise(() => setTimeout(() => { for (;;); }, 50));';
    expect(await ended(hang)).toEqual([null, 'SIGKILL']);
  });
});
