/**
 * `npm run bench-handover`: how long a key cannot be written while its arc moves.
 *
 * One node holds twice the entries; a second one joins and takes about half of them. Meanwhile each probe writes its
 * own key again and again. The longest time between two acknowledgements of one probe, from the start of the join to
 * its end, is that key's longest pause.
 */

import { cpus } from 'node:os';
import type { RingClient } from '@ringkeep/client';
import { RingView } from '@ringkeep/shared';
import { createProgress, option, optionValues, runScript } from '@ringkeep/process/command-line';
import { bytesOfText, ringKeyOf } from '@ringkeep/shared/operations';
import { ownedKeys, table, withTemporaryRing } from '@ringkeep/local-ring';

const specs = {
  entries: option({
    flag: '--entries <count>',
    text: 'entries of the arc that moves',
    read: optionValues.integer(1_000, 5_000_000),
    default: 100_000,
  }),
  valueBytes: option({
    flag: '--value-bytes <count>',
    text: 'bytes of a value',
    read: optionValues.integer(1, 65_536),
    default: 100,
  }),
  probes: option({
    flag: '--probes <count>',
    text: 'keys that are written meanwhile',
    read: optionValues.integer(1, 10_000),
    default: 64,
  }),
  rounds: option({
    flag: '--rounds <count>',
    text: 'how often',
    read: optionValues.integer(1, 100),
    default: 5,
  }),
};

const script = {
  name: 'npm run bench-handover --',
  text: 'Measures the longest pause of writes while an arc moves.',
  specs,
};

runScript(script, async (options) => {
  const rows: string[][] = [];
  for (let round = 1; round <= options.rounds; round++) rows.push(await measure(round, options));
  console.log(
    `\n${cpus().length} cores, Node ${process.version}, durability always, values of ${options.valueBytes} bytes`,
  );
  console.log(
    table(
      ['round', 'writes', 'entries moved', 'join, s', 'moved keys, ms', 'kept keys, ms', 'before, ms'],
      rows,
    ),
  );
  const pauses = rows.map((row) => Number(row[4])).sort((a, b) => a - b);
  console.log(
    `longest pause of a moved key: median ${pauses[pauses.length >> 1]} ms, worst ${pauses.at(-1)} ms`,
  );
  return 0;
});

async function measure(
  round: number,
  options: { readonly entries: number; readonly valueBytes: number; readonly probes: number },
): Promise<string[]> {
  const setup = { name: 'handover', nodes: 1, replicationFactor: 1, client: { deadlineMs: 20_000 } };
  return withTemporaryRing(setup, async ({ ring, client }) => {
    await fill(client, 2 * options.entries, options.valueBytes, round);
    const probes = Array.from({ length: options.probes }, (_, index) => new Probe(client, `probe ${index}`));
    await Promise.all(probes.map((probe) => probe.warmUp(50)));
    const before = Math.max(...probes.map((probe) => probe.longestMs));
    const running = probes.map((probe) => probe.run());
    const started = performance.now();
    const [newcomer] = (await ring.addNodes(1)) as [string];
    const nodes = await ring.settled();
    const seconds = (performance.now() - started) / 1000;
    for (const probe of probes) probe.stop();
    await Promise.all(running);
    const description = nodes.find((node) => node.addr.endsWith(newcomer));
    const view = new RingView(client.ring());
    const moved = (probe: Probe): boolean =>
      view.arcOfKey(ringKeyOf(bytesOfText(probe.key), view.ring.parameters.positionRule))?.primary ===
      description?.id;
    const longest = (some: readonly Probe[]): string =>
      Math.max(0, ...some.map((probe) => probe.longestMs)).toFixed(1);
    return [
      String(round),
      String(probes.reduce((sum, probe) => sum + probe.writes, 0)),
      String(ownedKeys(description ? [description] : [])),
      seconds.toFixed(1),
      longest(probes.filter(moved)),
      longest(probes.filter((probe) => !moved(probe))),
      before.toFixed(1),
    ];
  });
}

async function fill(client: RingClient, entries: number, valueBytes: number, round: number): Promise<void> {
  const progress = createProgress({ label: `round ${round}: filling`, unit: 'entries', total: entries });
  const value = 'v'.repeat(valueBytes);
  const step = 5_000;
  for (let from = 0; from < entries; from += step) {
    const keys = Array.from(
      { length: Math.min(step, entries - from) },
      (_, i) => [`entry ${from + i}`, value] as const,
    );
    const results = await client.setMany(keys, { deadlineMs: 60_000 });
    const failed = results.find((result) => !result.ok);
    if (failed && !failed.ok) throw failed.error;
    progress.update(from + keys.length);
  }
  progress.finish();
}

class Probe {
  writes = 0;
  longestMs = 0;
  private running = true;

  constructor(
    private readonly client: RingClient,
    readonly key: string,
  ) {}

  async warmUp(writes: number): Promise<void> {
    for (let i = 0; i < writes; i++) await this.client.set(this.key, 'warm');
    this.longestMs = 0;
    for (let i = 0; i < writes; i++) await this.write();
  }

  async run(): Promise<void> {
    this.longestMs = 0;
    this.writes = 0;
    while (this.running) await this.write();
  }

  stop(): void {
    this.running = false;
  }

  private async write(): Promise<void> {
    const started = performance.now();
    await this.client.set(this.key, String(started), { deadlineMs: 20_000 });
    this.longestMs = Math.max(this.longestMs, performance.now() - started);
    this.writes++;
  }
}
