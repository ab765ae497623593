/** Histories recorded from real systems, with the verdicts that other checkers gave. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkHistory, judge, type Model } from '../src';
import { describeRecorded } from './support/recorded-data';
import { jepsenRegister, knossosRegister, porcupineStore, type TextOperation } from './support/recordings';

const verdictOf = (linearizable: boolean): string => (linearizable ? 'linearizable' : 'not-linearizable');

describeRecorded('histories that Porcupine judged', 'porcupine-histories', (folder) => {
  const verdicts = Object.entries(
    JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as Record<string, boolean>,
  );
  const read = (name: string): string => readFileSync(join(folder, 'test_data', name), 'utf8');

  test('every recording has a test', () => {
    const known = ['jepsen/', 'kv/'];
    expect(verdicts.filter(([name]) => !known.some((prefix) => name.startsWith(prefix)))).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(0);
  });

  test.each(verdicts.filter(([name]) => name.startsWith('jepsen/')))(
    'the etcd register %s is linearizable: %s',
    (name, linearizable) => {
      expect(checkHistory(jepsenRegister(read(name))).verdict).toBe(verdictOf(linearizable));
    },
  );

  test.each(verdicts.filter(([name]) => name.startsWith('kv/')))(
    'the store with append %s is linearizable: %s',
    (name, linearizable) => {
      const operations = porcupineStore(read(name));
      const keys = new Set(operations.map(({ key }) => key));
      const judged = [...keys].map((wanted) => {
        const onKey = operations.filter(({ key }) => key === wanted);
        return judge(
          appendModel,
          onKey.map((operation) => ({ ...operation, operation })),
        ).verdict;
      });
      expect(judged).not.toContain('undecided');
      expect(!judged.includes('not-linearizable')).toBe(linearizable);
    },
  );
});

describeRecorded('histories that Knossos judged', 'knossos-histories/cas-register', (folder) => {
  const recordings = ['good', 'bad'].flatMap((kind) =>
    readdirSync(join(folder, kind)).map((name): [string, boolean] => [join(kind, name), kind === 'good']),
  );

  test.each(recordings)('the register %s is linearizable: %s', (name, linearizable) => {
    const history = knossosRegister(readFileSync(join(folder, name), 'utf8'));
    expect(history.length).toBeGreaterThan(1);
    const { verdict } = checkHistory(history, { initialValues: new Map([['', '0']]) });
    expect(verdict).toBe(verdictOf(linearizable));
  });
});

/** A model of its own: the search takes any, with or without traits. */
const appendModel: Model<string, TextOperation> = {
  initial: '',
  step: (state, { op, text }) => {
    if (op === 'get') return text === state ? state : undefined;
    return op === 'put' ? text : state + text;
  },
  equal: (a, b) => a === b,
  hash: (state) => {
    let hash = state.length;
    for (let i = 0; i < state.length; i++) hash = (Math.imul(hash, 31) + state.charCodeAt(i)) | 0;
    return hash;
  },
};
