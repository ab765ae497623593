import fc from 'fast-check';
import type { Bytes } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { KeyCensus } from '../src/bulk/key-census';
import { Tally } from '../src/bulk/tally';

test('the census knows what a map would know, also after it has grown', () => {
  const census = new KeyCensus();
  const model = new Map<string, number>();
  const differing: string[] = [];
  for (let record = 1; record <= 20_000; record++) {
    const key = `key-${(record * 7_919) % 9_000}`;
    if (census.see(ringKeyOf(key as Bytes), record)?.record !== model.get(key)) differing.push(key);
    model.set(key, record);
  }
  for (const [key, record] of model) {
    if (census.last(ringKeyOf(key as Bytes))?.record !== record) differing.push(key);
  }
  expect(differing).toEqual([]);
  expect(census.keys).toBe(model.size);
});

test('whatever the order of the answers, the last record of each key decides', () => {
  const answers = fc.array(fc.record({ key: fc.nat(5), good: fc.boolean(), delay: fc.nat(20) }));
  fc.assert(
    fc.property(answers, (records) => {
      const tally = new Tally(['good', 'bad'], 'bad');
      const due = records.map(({ key, good, delay }, index) => ({
        at: index + delay,
        record: index + 1,
        key: ringKeyOf(`key-${key}` as Bytes),
        good,
      }));
      const verdicts = new Map<number, boolean>();
      for (let now = 0; now <= records.length + 21; now++) {
        const seen = records[now];
        if (seen !== undefined) {
          tally.see(ringKeyOf(`key-${seen.key}` as Bytes), now + 1);
          verdicts.set(seen.key, seen.good);
        }
        for (const { record, key, good } of due.filter(({ at }) => at === now)) {
          const problem = { record, line: record, key: undefined, reason: 'bad' };
          tally.judge(key, record, good ? 'good' : 'bad', good ? undefined : problem);
        }
      }
      const good = [...verdicts.values()].filter(Boolean).length;
      expect(tally.count('good')).toBe(good);
      expect(tally.count('bad')).toBe(verdicts.size - good);
      expect(tally.repeated).toBe(records.length - verdicts.size);
      expect(tally.problems.length).toBeLessThanOrEqual(tally.count('bad'));
    }),
  );
});
