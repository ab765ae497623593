import { drawScenario, failureLine, FAULT_KINDS } from '../src';
import { SimulatorThread } from './support/runs';

const SEEDS_OF_A_TEST = 20;
/** Faults strike for so long at most: many short stories show more than few long ones. */
const SHORT = { safetyMs: 4_000 };

let simulator: SimulatorThread;

beforeAll(() => {
  simulator = new SimulatorThread();
});
afterAll(() => simulator.end());

test.each([1, 21, 41])('twenty seeds from %d on keep every rule', async (first) => {
  const failures: string[] = [];
  let operations = 0;
  for (let seed = first; seed < first + SEEDS_OF_A_TEST; seed++) {
    const result = await simulator.run(seed, SHORT);
    operations += result.history.filter(({ outcome }) => outcome === 'ok').length;
    if (result.failure) failures.push(failureLine(seed, SHORT, result));
  }
  expect(failures).toEqual([]);
  expect(operations).toBeGreaterThan(SEEDS_OF_A_TEST * 50);
});

test('the seeds draw every kind of fault, and clusters of many shapes', () => {
  const scenarios = Array.from({ length: 200 }, (_, index) => drawScenario(index + 1));
  for (const kind of FAULT_KINDS)
    expect(scenarios.filter(({ faults }) => faults.includes(kind)).length).toBeGreaterThan(40);
  expect(scenarios.some(({ faults }) => faults.length === 0)).toBe(true);
  expect(new Set(scenarios.map(({ parameters }) => parameters.replicationFactor))).toEqual(
    new Set([1, 2, 3, 5]),
  );
});

test('what is left out of a scenario leaves the rest of it as it was', () => {
  const whole = drawScenario(5);
  const [kind] = whole.faults;
  if (kind === undefined) throw new Error('seed 5 draws no fault');
  const smaller = drawScenario(5, { without: [kind], clients: 1 });
  expect(smaller.faults).toEqual(whole.faults.slice(1));
  expect(smaller.parameters).toEqual(whole.parameters);
  expect(smaller.clients).toBe(1);
  expect(smaller.safetyMs).toBe(whole.safetyMs);
});
