/**
 * The registry as a program: resolves its options, starts, prints that it is ready, and stops on SIGINT or SIGTERM.
 * `npm run registry` and `ringkeep registry` both run it.
 */

import { RingError } from '@ringkeep/shared';
import { HelpShown } from '@ringkeep/process/command-line';
import { stopOnSignals } from '@ringkeep/process/running';
import { hostAndPort } from '@ringkeep/shared/channel';
import { registryConfig } from './config';
import { startRegistry } from './server';

/** `calledAs` is how the user wrote the command, for the help. */
export function runRegistry(calledAs: string, args: readonly string[]): void {
  serve(calledAs, args).catch((error: unknown) => {
    if (!(error instanceof HelpShown)) fail(error);
  });
}

async function serve(calledAs: string, args: readonly string[]): Promise<void> {
  const options = registryConfig(calledAs, args, process.env);
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
