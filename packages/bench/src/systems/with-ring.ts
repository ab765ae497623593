/** A ring and one load generator for as long as something is done with them; killed afterwards, whatever happened. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GeneratorProcess } from '../load/generator-process';
import { startRing, type RingSystem, type RingSystemOptions } from './ring-system';

export async function withRing<Result>(
  options: RingSystemOptions & { readonly way?: string },
  use: (system: RingSystem, generator: GeneratorProcess) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-bench-'));
  try {
    const system = await startRing(folder, options);
    try {
      const generator = await GeneratorProcess.start(system.target(options.way));
      return await use(system, generator).finally(() => generator.stop());
    } finally {
      await system.ring.killAll();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
