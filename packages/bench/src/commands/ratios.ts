/** `npm run bench -- ratios`: the table of what the project promises against its peers, in one run. */

import { option } from '@ringkeep/process/command-line';
import { names, PACE_OPTIONS, paceOf } from '../bench-options';
import { benchCommand } from '../command';
import { Contest, type Pace } from '../contest';
import { memoryRatio } from '../ratios/memory-ratio';
import { overloadRatios } from '../ratios/overload-ratio';
import { PEER_GROUPS, type PeerGroup } from '../ratios/peer-groups';
import { peerRatio } from '../ratios/peer-ratio';
import { ratioTable, type Ratio } from '../ratios/ratio';
import { restartRatio } from '../ratios/restart-ratio';
import type { Figure } from '../report/figure';
import { figureTable } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';

const MANY_KEYS = 1_000_000;
const MANY_KEYS_QUICK = 20_000;
const PARTS = [...PEER_GROUPS.map(({ name }) => name), 'memory', 'restart', 'overload'];

const specs = {
  only: option({
    flag: '--only <parts>',
    text: `only some of ${PARTS.join(', ')}`,
    read: names(...PARTS),
  }),
  ...PACE_OPTIONS,
};

export const ratios = benchCommand(
  'ratios',
  'The ratios that the project promises against Redis, etcd and bare gRPC, measured and judged. Up to 20 minutes.',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const pace = paceOf(options);
    const wanted = (part: string): boolean => options.only?.includes(part) ?? true;
    const keys = options.quick ? MANY_KEYS_QUICK : MANY_KEYS;
    const found: Ratio[] = [];
    const figures: Figure[] = [];
    for (const group of PEER_GROUPS.filter(({ name }) => wanted(name))) {
      const measured = await measureGroup(group, pace, abort);
      figures.push(...measured);
      found.push(...group.ratios.map((spec) => peerRatio(spec, measured)));
    }
    if (wanted('memory')) found.push(await memoryRatio(keys, abort));
    if (wanted('restart')) found.push(await restartRatio(keys, pace.rounds, abort));
    if (wanted('overload')) found.push(...(await overloadRatios(pace, abort)));
    const tables = [...(figures.length > 0 ? [figureTable(figures)] : []), ratioTable(found)];
    await publish({ name: 'ratios', machine, tables, data: { ratios: found, figures } }, options.output);
    return 0;
  },
);

async function measureGroup(group: PeerGroup, pace: Pace, abort: AbortSignal): Promise<Figure[]> {
  process.stderr.write(`${group.name}: starting servers\n`);
  const contest = await Contest.open(group.contestants, abort);
  try {
    if (group.load) await contest.load(group.load, abort);
    return await contest.measure(group.points, pace, abort);
  } finally {
    await contest.close();
  }
}
