/** Each focus makes its kind of story common, and ordinary seeds draw all of them. */

import { Random } from '@ringkeep/shared';
import { drawScenario, FOCUS_NAMES, FOCUSES, type OccasionName } from '../src';
import { Opportunist } from '../src/world/opportunist';
import { Timeline } from '../src/world/timeline';
import type { Faults } from '../src/world/faults';
import type { Machine } from '../src/world/machine';
import type { World } from '../src/world/world';
import { SimulatorThread } from './support/runs';

let simulator: SimulatorThread;

beforeAll(() => {
  simulator = new SimulatorThread();
});
afterAll(() => simulator.end());

const SEEDS_MIN = 2;
const SEEDS_MAX = 12;
/** Faults strike for so long at most: the story is told by then. */
const SAFETY_MS = 4_000;

/** What the story of some runs must tell, in the words of the trace. */
const TOLD: Readonly<Record<(typeof FOCUS_NAMES)[number], RegExp>> = {
  admissions: /proposed admit/,
  'slow-takeovers': /pauses for/,
  'late-streams': /following-ended/,
  releases: /release/,
  splits: /proposed handover .* at /,
  merges: /proposed merge/,
  'merged-watches': /proposed merge/,
  damage: /has a bit changed/,
  leaves: /it has left/,
  'registry-unheard': / to 0 is cut/,
  power: /power lost/,
  sleep: /sleeps for/,
  transfers: /chunk/,
  disks: /loses its disk/,
  blackouts: /loses its copies/,
  'lost-parts': /may begin as a new node/,
  'failing-disks': /fails once/,
  checkpoints: /⟶ checkpoint/,
  returns: /compared/,
  addresses: /node-missed/,
  unheard: /missed/,
  'few-copies': /proposed drop/,
  parameters: /the ring is to have/,
  'steady-writes': /proposed admit/,
  'silent-feeds': /watch-ended/,
  locks: /has lost the lock/,
  levels: /registry crashes/,
  'old-disks': /old-copy|proposed yield/,
  'old-disks-late': /arc-stopped/,
  'registry-old': /the registry gets its newest data back/,
  'registry-restored': /registry starts, restored/,
  'registry-lost': /foreign caller/,
};

test.each(FOCUS_NAMES)(
  'runs with the focus %s keep every rule, and tell the story that it is for',
  async (focus) => {
    const told: string[] = [];
    const isTold = (): boolean => told.some((text) => TOLD[focus].test(text));
    for (let seed = 1; seed <= SEEDS_MIN || (!isTold() && seed <= SEEDS_MAX); seed++) {
      const short = { focus, safetyMs: SAFETY_MS };
      const { failure, lines } = await simulator.run(seed, short, { keepTrace: true });
      expect(failure).toBeUndefined();
      told.push(...lines.map(({ text }) => text));
    }
    expect(isTold()).toBe(true);
  },
);

test('ordinary seeds draw every focus, and many draw none', () => {
  const drawn = Array.from({ length: 600 }, (_, index) => drawScenario(index + 1).focus);
  for (const focus of FOCUS_NAMES) expect(drawn).toContain(focus);
  expect(drawn.filter((focus) => focus === undefined).length).toBeGreaterThan(200);
});

test('a focus that is asked for changes what it speaks of and nothing else', () => {
  const ordinary = drawScenario(3, { focus: 'none' });
  const sleepy = drawScenario(3, { focus: 'sleep' });
  expect(sleepy.faults).toEqual(expect.arrayContaining([...FOCUSES.sleep.always]));
  expect(sleepy.parameters).toEqual(ordinary.parameters);
  expect(sleepy.machines).toBe(ordinary.machines);
});

describe('whoever waits for an opportunity', () => {
  function waiting(over = false): {
    occur: (name: OccasionName) => void;
    crashed: string[];
    timeline: Timeline;
  } {
    const timeline = new Timeline();
    const crashed: string[] = [];
    const faults = { over, focus: 0n, cause: (_: string, { name }: Machine) => crashed.push(name) };
    const opportunist = new Opportunist(
      { timeline, machine: () => machine } as unknown as World,
      new Random(1),
      faults as unknown as Faults,
      [{ on: 'role-open', chance: 1, deed: 'crash', to: 'itself', withinMs: 20 }],
    );
    const machine = { name: 'n1', party: 1 } as Machine;
    return { occur: (name) => opportunist.occurred({ name, machine: machine.party }), crashed, timeline };
  }

  test('strikes soon after what it waits for, and after nothing else', async () => {
    const { occur, crashed, timeline } = waiting();
    occur('role-lost');
    await timeline.runUntil(100);
    expect(crashed).toEqual([]);
    occur('role-open');
    expect(crashed).toEqual([]);
    await timeline.runUntil(120);
    expect(crashed).toEqual(['n1']);
  });

  test('strikes no more when everything is being put right', async () => {
    const { occur, crashed, timeline } = waiting(true);
    occur('role-open');
    await timeline.runUntil(100);
    expect(crashed).toEqual([]);
  });
});
