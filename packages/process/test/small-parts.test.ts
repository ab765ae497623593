import { Writable } from 'node:stream';
import { Random } from '@ringkeep/shared';
import { createProgress, flushed, surviveLoss } from '@ringkeep/process/command-line';
import {
  Backoff,
  MonotonicClock,
  createLogger,
  silentLogger,
  type LoggerOptions,
} from '@ringkeep/process/running';
import { loadTls } from '@ringkeep/shared/channel';

class Sink extends Writable {
  text = '';
  constructor(readonly isTTY = false) {
    super({
      write: (chunk: Buffer, _encoding, done) => {
        this.text += chunk.toString();
        done();
      },
    });
  }
}

function lines(options: Partial<LoggerOptions>, tty = false) {
  const stream = new Sink(tty);
  const log = createLogger({ level: 'info', format: 'text', namespace: 'node', stream, ...options });
  return { log, stream };
}

describe('lost output', () => {
  const failing = (code: string): Writable =>
    new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });

  test.each([
    ['EPIPE', undefined],
    ['ENOSPC', 'ENOSPC'],
    ['EIO', 'EIO'],
  ])('%s is survived, and is an error only when an answer may have been wanted', async (code, error) => {
    const stream = failing(code);
    const loss = surviveLoss(stream);
    expect(loss.signal.aborted).toBe(false);
    stream.write('x');
    await flushed(stream);
    expect(loss.signal.aborted).toBe(true);
    expect(loss.error?.message).toBe(error);
  });

  test('a progress bar goes on without its terminal', async () => {
    const stream = Object.assign(failing('EIO'), { isTTY: true, columns: 80 });
    const loss = surviveLoss(stream);
    const progress = createProgress({ label: 'loading', unit: 'bytes', total: 9, stream });
    progress.update(3);
    progress.finish();
    await flushed(stream);
    expect(loss.error?.message).toBe('EIO');
  });
});

describe('logging', () => {
  test('text lines carry time, level, namespace, text and facts', () => {
    const { log, stream } = lines({});
    log
      .child('storage')
      .warn('slow sync', { ms: 12, file: 'a b', id: 7n, error: new Error('why'), none: undefined });
    expect(stream.text).toMatch(/^\S+Z warn {2}node\.storage: slow sync ms=12 file="a b" id=7 error=why\n$/);
  });

  test('lines below the level are not made', () => {
    const { log, stream } = lines({ level: 'warn' });
    log.info('unheard');
    log.error('heard');
    expect(stream.text).toContain('heard');
    expect(stream.text).not.toContain('unheard');
  });

  test('JSON lines are JSON', () => {
    const { log, stream } = lines({ format: 'json' });
    log.info('text', { id: 7n });
    expect(JSON.parse(stream.text)).toMatchObject({
      level: 'info',
      namespace: 'node',
      text: 'text',
      id: '7',
    });
  });

  test('colours are for terminals only', () => {
    const escape = String.fromCharCode(27);
    const plain = lines({});
    const coloured = lines({}, true);
    plain.log.info('x');
    coloured.log.info('x');
    expect(plain.stream.text).not.toContain(escape);
    expect(coloured.stream.text).toContain(escape);
  });

  test('the silent logger is silent, and so are its children', () => {
    expect(() => silentLogger.child('x').error('y')).not.toThrow();
  });
});

describe('progress', () => {
  test('off a terminal it is a line every few seconds and one at the end', () => {
    const stream = new Sink();
    let now = 0;
    const progress = createProgress({
      label: 'loading',
      unit: 'records',
      total: 200,
      stream,
      now: () => now,
    });
    for (let done = 0; done <= 100; done++) {
      now += 100;
      progress.update(done);
    }
    progress.finish();
    progress.finish();
    expect(stream.text.split('\n').slice(0, -1)).toEqual([
      'loading: 29 of 200 (14 %) records, 3.0 s, 10/s',
      'loading: 59 of 200 (29 %) records, 6.0 s, 10/s',
      'loading: 89 of 200 (44 %) records, 9.0 s, 10/s',
      'loading: 100 of 200 (50 %) records, 10.1 s, 10/s',
    ]);
  });

  test('an unknown total is left out until it is known', () => {
    const stream = new Sink();
    let now = 0;
    const progress = createProgress({ label: 'loading', unit: 'records', stream, now: () => now });
    now = 4_000;
    progress.update(8);
    now = 8_000;
    progress.update(16, 32);
    expect(stream.text).toBe(
      'loading: 8 records, 4.0 s, 2/s\nloading: 16 of 32 (50 %) records, 8.0 s, 2/s\n',
    );
  });

  test('on a terminal it is a bar', () => {
    const stream = new Sink(true);
    const progress = createProgress({ label: 'loading', unit: 'records', total: 10, stream });
    progress.update(10);
    progress.finish();
    expect(stream.text).toContain('10/10 records');
  });
});

describe('back-off', () => {
  test('pauses are random below a limit that doubles up to the greatest, and start over after a success', () => {
    const seed = 20_251;
    const backoff = new Backoff(new Random(seed), { firstMs: 10, maxMs: 100, factor: 2 });
    for (const limit of [10, 20, 40, 80, 100, 100]) {
      const pause = backoff.nextMs();
      expect(pause).toBeGreaterThanOrEqual(0);
      expect(pause).toBeLessThan(limit);
    }
    backoff.reset();
    expect(backoff.nextMs()).toBeLessThan(10);
  });

  test('the same seed gives the same pauses', () => {
    const [a, b] = [new Backoff(new Random(5)), new Backoff(new Random(5))];
    for (let i = 0; i < 5; i++) expect(a.nextMs()).toBe(b.nextMs());
  });

  test('a policy that shrinks is a mistake', () => {
    expect(() => new Backoff(new Random(1), { firstMs: 10, maxMs: 5, factor: 2 })).toThrow(
      'broken invariant',
    );
  });
});

describe('the monotonic clock', () => {
  /** What passes on a machine between two looks; what is left out does not happen. */
  interface Passing {
    readonly runningMs?: number;
    /** Uptime and wall clock go on. */
    readonly sleptMs?: number;
    /** Somebody, or NTP, moves the wall clock: after the pause of a virtual machine by as much as it took. */
    readonly wallMovedMs?: number;
  }

  function machine() {
    const time = { running: 0, elapsed: 500_000, wall: 1_700_000_000_000, questions: 0 };
    const uptime = (): number => {
      time.questions++;
      return time.elapsed;
    };
    const clock = new MonotonicClock(
      () => time.running,
      uptime,
      () => time.wall,
    );
    const pass = ({ runningMs = 1, sleptMs = 0, wallMovedMs = 0 }: Passing): boolean => {
      time.running += runningMs;
      time.elapsed += runningMs + sleptMs;
      time.wall += runningMs + sleptMs + wallMovedMs;
      return clock.suspended();
    };
    return { clock, time, pass };
  }

  test('notices once that the machine slept, and small sleeps that add up', () => {
    const { clock, time, pass } = machine();
    expect(pass({ runningMs: 10_000, sleptMs: 10 })).toBe(false);
    expect(pass({ sleptMs: 3_000 })).toBe(true);
    expect(pass({})).toBe(false);
    expect(pass({ runningMs: 20 })).toBe(false);
    expect([pass({ sleptMs: 30 }), pass({ sleptMs: 30 })]).toEqual([false, true]);
    expect(clock.now()).toBe(time.running);
  });

  test('takes a wall clock that is set forward for a pause in which uptime stood still, once', () => {
    const { pass } = machine();
    expect(pass({ runningMs: 100 })).toBe(false);
    expect(pass({ wallMovedMs: 10_000 })).toBe(true);
    expect(pass({ runningMs: 20 })).toBe(false);
    // The pause of a virtual machine is seen when its clock is set right, however many looks come before that.
    for (let look = 0; look < 50; look++) expect(pass({ runningMs: 7 })).toBe(false);
    expect(pass({ runningMs: 100, wallMovedMs: 80 })).toBe(true);
  });

  test('small steps forward of the wall clock add up', () => {
    const { pass } = machine();
    const looks = Array.from({ length: 12 }, () => pass({ runningMs: 100, wallMovedMs: 10 }));
    expect(looks.indexOf(true)).toBe(5);
    expect(looks.filter(Boolean)).toHaveLength(2);
  });

  test('a wall clock that is set back tells of no sleep, and hides no later one', () => {
    const { pass } = machine();
    expect(pass({ wallMovedMs: -3_600_000 })).toBe(false);
    expect(pass({ runningMs: 500 })).toBe(false);
    expect(pass({ wallMovedMs: 2_000 })).toBe(true);
    for (let look = 0; look < 20; look++) expect(pass({ runningMs: 100, wallMovedMs: -30 })).toBe(false);
    expect(pass({ wallMovedMs: 60 })).toBe(true);
  });

  test('a wall clock that NTP slews, this way or that, never alarms', () => {
    for (const slew of [500e-6, -500e-6]) {
      const { pass } = machine();
      const looks = Array.from({ length: 20_000 }, () => pass({ runningMs: 100, wallMovedMs: slew * 100 }));
      expect(looks).not.toContain(true);
      // Looked at an hour later.
      expect(pass({ runningMs: 3_600_000, wallMovedMs: slew * 3_600_000 })).toBe(false);
      expect(pass({ wallMovedMs: 60 })).toBe(true);
    }
  });

  test('a process that is held up between two readings did not sleep, and a sleep after it is noticed', () => {
    const time = { running: 0, elapsed: 0, wall: 0, heldUpMs: 0 };
    const heldUp = (): void => {
      time.running += time.heldUpMs;
      time.elapsed += time.heldUpMs;
      time.wall += time.heldUpMs;
      time.heldUpMs = 0;
    };
    const at = { wall: false, uptime: false };
    const clock = new MonotonicClock(
      () => time.running,
      () => {
        if (at.uptime) heldUp();
        return time.elapsed;
      },
      () => {
        if (at.wall) heldUp();
        return time.wall;
      },
    );
    for (const reading of ['wall', 'uptime'] as const) {
      at[reading] = true;
      time.running += 20;
      time.elapsed += 20;
      time.wall += 20;
      time.heldUpMs = 3_000;
      expect(clock.suspended()).toBe(false);
      expect(time.heldUpMs).toBe(0);
      time.elapsed += 500;
      time.wall += 500;
      expect(clock.suspended()).toBe(true);
      expect(clock.suspended()).toBe(false);
    }
  });

  test('asks for the uptime now and then, and at once when the wall clock jumps', () => {
    const { time, pass } = machine();
    time.questions = 0;
    for (let ms = 0; ms < 100; ms++) expect(pass({})).toBe(false);
    expect(time.questions).toBe(10);
    expect(pass({ wallMovedMs: -3_600_000 })).toBe(false);
    expect(time.questions).toBe(11);
    // Set back by as much as the machine slept: seen with the next regular question.
    expect(pass({ sleptMs: 500, wallMovedMs: -500 })).toBe(false);
    expect(pass({ runningMs: 10 })).toBe(true);
  });

  test('on this machine it grows and has not slept', () => {
    const clock = new MonotonicClock();
    const before = clock.now();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    expect(clock.suspended()).toBe(false);
  });
});

describe('TLS files', () => {
  test('none are no TLS, one of two is an error, a missing one is named', async () => {
    expect(await loadTls({})).toEqual({ ca: undefined });
    await expect(loadTls({ key: 'k' })).rejects.toThrow('only one of them');
    await expect(loadTls({ ca: '/no/such' })).rejects.toThrow('certificate authority /no/such');
  });
});
