/** What every meter must do, as cases without a test framework: run each of them on a meter that is made for it. */

import assert from 'node:assert/strict';
import { OTHER, SERIES_MAX, type Meter } from './meter';
import { valuesOf, type MeterReading } from './reading';

export interface MeterCase {
  readonly title: string;
  run(meter: Meter, read: () => readonly MeterReading[]): void;
}

const OPERATIONS = {
  name: 'operations_total',
  help: 'Operations answered.',
  labels: ['kind', 'outcome'],
} as const;
const FRAMES = { name: 'frames_total', help: 'Frames answered.', labels: [] } as const;
const DELAY = { name: 'delay_seconds', help: 'How long it took.', labels: ['kind'] } as const;
const KEYS = { name: 'keys', help: 'Keys held.', labels: ['role'] } as const;

export const METER_CASES: readonly MeterCase[] = [
  {
    title: 'a counter adds up, each set of labels for itself',
    run: (meter, read) => {
      const operations = meter.counter(OPERATIONS);
      operations.add(2, 'get', 'ok');
      operations.add(1, 'set', 'ok');
      operations.add(3, 'get', 'ok');
      meter.counter(FRAMES).add(0.5);
      assert.deepEqual(read(), [
        {
          ...OPERATIONS,
          kind: 'counter',
          series: [
            { labels: ['get', 'ok'], value: 5 },
            { labels: ['set', 'ok'], value: 1 },
          ],
        },
        { ...FRAMES, kind: 'counter', series: [{ labels: [], value: 0.5 }] },
      ]);
    },
  },
  {
    title: 'a counter does not fall',
    run: (meter) => assert.throws(() => meter.counter(FRAMES).add(-1)),
  },
  {
    title: 'declared again it goes on, declared otherwise it is refused',
    run: (meter, read) => {
      meter.counter(FRAMES).add(1);
      meter.counter(FRAMES).add(1);
      assert.equal(amount(read(), FRAMES.name), 2);
      assert.throws(() => meter.counter({ ...FRAMES, labels: ['kind'] }), { code: 'INVALID_ARGUMENT' });
      meter.histogram(DELAY, [1, 2]);
      assert.throws(() => meter.histogram(DELAY, [1, 3]), { code: 'INVALID_ARGUMENT' });
      assert.throws(() => meter.gauge(DELAY, () => []), { code: 'INVALID_ARGUMENT' });
    },
  },
  {
    title: 'names are checked: lower case, and _total for counters alone',
    run: (meter) => {
      const refused = { code: 'INVALID_ARGUMENT' };
      assert.throws(() => meter.counter({ ...FRAMES, name: 'Frames_total' }), refused);
      assert.throws(() => meter.counter({ ...FRAMES, name: 'frames' }), refused);
      assert.throws(() => meter.counter({ ...FRAMES, labels: ['of-whom'] }), refused);
      assert.throws(() => meter.histogram({ ...DELAY, name: 'delay_total' }, [1]), refused);
      assert.throws(() => meter.gauge({ ...KEYS, name: 'keys_total' }, () => []), refused);
    },
  },
  {
    title: 'a histogram counts a value as often as it was seen, at the first bound that it does not exceed',
    run: (meter, read) => {
      const delay = meter.histogram(DELAY, [0.1, 1]);
      delay.record(0.1, 100, 'get');
      delay.record(0.5, 1, 'get');
      delay.record(7, 2, 'get');
      delay.record(1, 1, 'set');
      const found = read()[0];
      assert.deepEqual(found, {
        ...DELAY,
        kind: 'histogram',
        bounds: [0.1, 1],
        series: [
          { labels: ['get'], count: 103, sum: 24.5, upTo: [100, 101] },
          { labels: ['set'], count: 1, sum: 1, upTo: [0, 1] },
        ],
      });
    },
  },
  {
    title: 'a gauge is read when somebody looks, and not before',
    run: (meter, read) => {
      let keys = 0;
      meter.gauge(KEYS, () => [{ labels: ['primary'], value: ++keys }]);
      assert.equal(keys, 0);
      assert.equal(amount(read(), KEYS.name, 'primary'), 1);
      assert.equal(amount(read(), KEYS.name, 'primary'), 2);
    },
  },
  {
    title: 'a gauge has one source at a time',
    run: (meter, read) => {
      const one = (): readonly { labels: readonly [string]; value: number }[] => [
        { labels: ['one'], value: 1 },
      ];
      const takeBack = meter.gauge(KEYS, one);
      assert.throws(() => meter.gauge(KEYS, () => []), { code: 'INVALID_ARGUMENT' });
      takeBack();
      assert.equal(amount(read(), KEYS.name, 'one'), undefined);
      meter.gauge(KEYS, () => [{ labels: ['two'], value: 2 }]);
      takeBack();
      assert.equal(amount(read(), KEYS.name, 'two'), 2);
    },
  },
  {
    title: `of more than ${SERIES_MAX} sets of labels the rest is counted together`,
    run: (meter, read) => {
      const operations = meter.counter(OPERATIONS);
      for (let index = 0; index < SERIES_MAX + 5; index++) operations.add(1, `kind ${index}`, 'ok');
      operations.add(1, 'kind 0', 'ok');
      const [found] = read();
      assert.equal(found?.series.length, SERIES_MAX + 1);
      assert.equal(amount(read(), OPERATIONS.name, OTHER, OTHER), 5);
      assert.equal(amount(read(), OPERATIONS.name, 'kind 0', 'ok'), 2);
    },
  },
];

function amount(
  readings: readonly MeterReading[],
  name: string,
  ...labels: readonly string[]
): number | undefined {
  return valuesOf(readings, name)[labels.join(' ')];
}
