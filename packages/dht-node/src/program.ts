/** A node as a program: `npm run dht -- PORT` and `ringkeep node PORT` both run it. */

import { setFlagsFromString } from 'node:v8';
import { RingError, formatPosition } from '@ringkeep/shared';
import { HelpShown } from '@ringkeep/process/command-line';
import { createLogger, EXIT_DEADLINE_MS, stopOnSignals, type Logger } from '@ringkeep/process/running';
import { readConfig, type NodeConfig } from './config';
import { RingNode } from './server';

/**
 * A full collection when the heap has tripled. A node's heap is small, because entries are not in it. By default V8
 * would then collect all of it whenever a few megabytes of frames have come and gone, ten times a second under load.
 */
const HEAP_GROWING_PERCENT = 200;

/** `calledAs` is how the user wrote the command, for the help and for what is missing. */
export function runNode(calledAs: string, args: readonly string[]): void {
  serve(calledAs, args).catch((error: unknown) => {
    if (error instanceof HelpShown) return;
    exit(error instanceof RingError && error.code === 'INVALID_ARGUMENT' ? 2 : 1, error);
  });
}

async function serve(calledAs: string, args: readonly string[]): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const config = await readConfig(calledAs, args, process.env);
  const logger = createLogger({ level: config.logLevel, format: config.logFormat, namespace: 'node' });
  const node = RingNode.prepare({
    ...config.node,
    logger,
    onFailure: (error) => exit(1, error),
    onLeft: () => {
      node.stop().then(
        () => exit(0),
        (error: unknown) => exit(1, error),
      );
    },
  });
  const leavingMs = config.onStop === 'leave' ? config.leaveTimeoutMs : 0;
  stopOnSignals(() => end(node, config, logger), exit, EXIT_DEADLINE_MS + leavingMs);
  await node.start();
  const { id, ring } = node.status();
  console.log(
    `node ${formatPosition(id)} ready on ${node.address} (${config.node.storage}` +
      `${config.node.storage === 'disk' ? `, ${config.node.dataDir}, durability ${config.node.durability}` : ''}` +
      `, ${ring.members.length} in the ring)` +
      (node.redisAddress === undefined ? '' : `, for Redis clients on ${node.redisAddress}`) +
      (node.httpAddress === undefined ? '' : `, HTTP on http://${node.httpAddress}`),
  );
}

/** Stops as configured: keeps its place, or hands everything over first. */
async function end(node: RingNode, config: NodeConfig, logger: Logger): Promise<void> {
  if (config.onStop === 'leave' && node.serving) {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((_, reject) => {
      timer = setTimeout(() => reject(new Error('handing over takes too long')), config.leaveTimeoutMs);
    });
    await Promise.race([node.leave(), tooLong])
      .catch((error: Error) => logger.warn('stops without having left', { reason: error.message }))
      .finally(() => clearTimeout(timer));
  }
  await node.stop();
}

function exit(code: number, error?: unknown): void {
  if (error !== undefined) console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(code);
}
