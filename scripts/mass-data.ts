/** `npm run mass-data -- FILE insert|lookup`: many records into the ring, or back out of it. */

import { RingClient } from '@ringkeep/client';
import { loadFile, lookupFile, parseKeyFields, type BulkOptions } from '@ringkeep/cli';
import { RingError } from '@ringkeep/shared';
import { createProgress, option, optionValues, runScript } from '@ringkeep/process/command-line';

const specs = {
  node: option({
    flag: '--node <address>',
    env: 'NODE_ADDRESS',
    text: 'any node of the ring, or several, separated by commas',
    read: optionValues.addresses,
    default: ['127.0.0.1:50001'],
  }),
  key: option({
    flag: '--key <fields>',
    text: 'the fields that make a record’s key, for arrays and NDJSON',
    read: optionValues.text,
  }),
  timeout: option({
    flag: '--timeout <duration>',
    text: 'how long an operation may take',
    read: optionValues.durationMs(100, 600_000),
    default: 30_000,
    defaultText: '30s',
  }),
};

const script = {
  name: 'npm run mass-data --',
  text: 'Inserts the records of a JSON file into a ring, or looks them up, and says which share failed.',
  specs,
  operands: [
    { name: '<file>', text: 'a JSON object, an array, or NDJSON; may be gzipped' },
    { name: '<what>', text: 'insert (i) or lookup (l)' },
  ],
};

runScript(script, async (options, [path, what]) => {
  const insert = ['insert', 'i'].includes(what as string);
  if (!insert && !['lookup', 'l'].includes(what as string)) {
    throw new RingError('INVALID_ARGUMENT', `say insert (i) or lookup (l), not ${what}`);
  }
  const bulk: BulkOptions = {
    path: path as string,
    fields: options.key === undefined ? [] : parseKeyFields(options.key),
    deadlineMs: options.timeout,
    progress: (total) => createProgress({ label: insert ? 'inserting' : 'looking up', unit: 'bytes', total }),
  };
  const client = await RingClient.connect({ nodes: options.node });
  try {
    const figures = insert ? await loadFile(client, bulk) : await lookupFile(client, bulk);
    const wrong =
      'missing' in figures ? figures.missing + figures.different + figures.failed : figures.failed;
    const share = ((100 * wrong) / Math.max(1, figures.records)).toFixed(2);
    console.log(
      `${figures.records} records (${figures.repeated} repeated keys) ${insert ? 'inserted' : 'looked up'} in ` +
        `${(figures.elapsedMs / 1000).toFixed(1)} s, ${Math.round(figures.operationsPerSecond)} a second; failed ${wrong} (${share} %)`,
    );
    for (const problem of figures.problems) console.log(`  ${problem.key ?? ''} ${problem.reason}`);
    return wrong > 0 ? 1 : 0;
  } finally {
    await client.close();
  }
});
