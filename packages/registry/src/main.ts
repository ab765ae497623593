#!/usr/bin/env node
/** The registry as a process: resolves its options, starts, prints that it is ready, and stops on SIGINT or SIGTERM. */

import { RingError } from '@ringkeep/shared';
import { HelpShown } from '@ringkeep/process/command-line';
import { stopOnSignals } from '@ringkeep/process/running';
import { hostAndPort } from '@ringkeep/shared/channel';
import { registryConfig } from './config';
import { startRegistry } from './server';

async function main(): Promise<void> {
  const options = registryConfig(process.argv.slice(2), process.env);
  const registry = await startRegistry({ ...options, onFatal: fail });
  stopOnSignals(
    (signal) => {
      options.log.info(`${signal}: stopping`);
      return registry.stop();
    },
    (code, error) => {
      if (error instanceof Error) console.error(error.message);
      process.exit(code);
    },
  );
  const { members, arcs } = registry.ring();
  const kept = options.storage === 'disk' ? `data in ${options.dataDir}` : 'nothing kept on disk';
  console.log(
    `registry ready on ${hostAndPort({ host: options.host, port: registry.port })} ` +
      `(cluster ${registry.clusterId}, ${members.length} members, ${arcs.length} arcs, ${kept})`,
  );
}

/** 2 for a wrong command line, as every program of the project. */
function fail(error: unknown): never {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof RingError && error.code === 'INVALID_ARGUMENT' ? 2 : 1);
}

main().catch((error: unknown) => {
  if (!(error instanceof HelpShown)) fail(error);
});
