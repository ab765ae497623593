/**
 * A ring of real processes in a folder of its own, and a client, for as long as a function runs. Nothing stays behind.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RingClient, type RingClientOptions } from '@ringkeep/client';
import { LocalRing } from './local-ring';

export interface TemporaryRing {
  readonly folder: string;
  readonly ring: LocalRing;
  readonly client: RingClient;
  /** Processes that ended although nobody asked them to, with their last words. */
  readonly unexpectedEnds: readonly string[];
}

export interface TemporaryRingSetup {
  /** For the folder. */
  readonly name: string;
  readonly nodes: number;
  readonly replicationFactor: number;
  readonly client?: RingClientOptions;
  /** See LocalRingOptions. */
  readonly links?: boolean;
  /** Flags of every node. */
  readonly nodeArgs?: readonly string[];
  /** Added to the environment of every node. */
  readonly nodeEnv?: Readonly<Record<string, string>>;
}

/** Returns what `use` returns. The ring has come to rest when `use` begins. */
export async function withTemporaryRing<Result>(
  setup: TemporaryRingSetup,
  use: (temporary: TemporaryRing) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), `ringkeep-${setup.name}-`));
  const unexpectedEnds: string[] = [];
  try {
    const ring = await LocalRing.start(
      {
        folder,
        replicationFactor: setup.replicationFactor,
        links: setup.links ?? false,
        ...(setup.nodeArgs && { nodeArgs: setup.nodeArgs }),
        ...(setup.nodeEnv && { nodeEnv: setup.nodeEnv }),
        onUnexpectedEnd: (process, code) =>
          unexpectedEnds.push(`${process.name} ended by itself with ${code}: ${process.lastLines.at(-1)}`),
      },
      setup.nodes,
    );
    try {
      const client = await RingClient.connect({ registry: ring.registryAddress }, setup.client);
      await ring.settled();
      return await use({ folder, ring, client, unexpectedEnds }).finally(() => client.close());
    } finally {
      await ring.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The last line of a script that checks promises, and its exit code. */
export function verdict(broken: readonly string[], kept: string): number {
  console.log(broken.length === 0 ? `\n${kept}` : `\nBROKEN:\n${broken.join('\n')}`);
  return broken.length === 0 ? 0 : 1;
}
