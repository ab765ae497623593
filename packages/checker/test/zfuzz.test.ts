import { Random } from '@ringkeep/shared';
import { checkHistory, judgeKey } from '../src';
import { isLinearizable, provesLinearizable } from './support/naive-checker';
import { freeHistory, playedHistory } from './support/random-histories';
test('fuzz', () => {
  const n = Number(process.env.FUZZ ?? 20000); const s0 = Number(process.env.SEED ?? 1);
  let good = 0;
  for (let seed = s0; seed < s0 + n; seed++) {
    const random = new Random(seed);
    const history = freeHistory(random, random.between(2, 7));
    const expected = isLinearizable(history);
    const j = judgeKey(history, null);
    if (expected) good++;
    if ((j.verdict === 'linearizable') !== expected) throw new Error(`seed ${seed}: ${j.verdict} expected ${expected}\n` + history.map(h => JSON.stringify(h)).join('\n'));
    if (j.verdict === 'linearizable' && !provesLinearizable(j.order, history)) throw new Error(`seed ${seed}: bad proof`);
  }
  process.stdout.write(`good ${good} of ${n}\n`);
});
test('big', () => {
  for (const [keys, previousShare, unknownShare] of [[4000, 0, 0.02], [4000, 1, 0.02], [1, 1, 0.02], [1, 0, 0.02],[1,0,0.2],[100,0.5,0.1]] as const)
  for (const values of [0, 5]) {
    const history = playedHistory(new Random(7), { operations: 100000, clients: 64, keys, values, unknownShare, previousShare, casShare: 0.1, readShare: 0.5 });
    const t = performance.now();
    const v = checkHistory(history);
    process.stdout.write(`keys ${keys} values ${values} prev ${previousShare} unknown ${unknownShare}: ${v.verdict} ${Math.round(performance.now() - t)} ms steps ${v.steps} ${v.undecided.length} rss ${Math.round(process.memoryUsage().rss/1e6)}\n`);
  }
});
