/** The other side of runs.ts: the compiled simulator in a thread, outside of the test environment. */

import { parentPort } from 'node:worker_threads';
import simulator from '../../dist/index.js';

parentPort.on('message', async ({ number, seed, adjustments, options }) => {
  const result = await simulator.simulate(simulator.drawScenario(seed, adjustments), options);
  parentPort.postMessage({ number, result });
});
