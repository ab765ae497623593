import { Lifecycle, type Part } from '@ringkeep/shared/runtime';

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
