/**
 * leave: a node hands over what it holds and leaves.
 *
 * The node is asked again and again until it says that it has left. It may stop before it can say so. Then the ring,
 * watched through the other nodes, shows it.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { RingClient } from '@ringkeep/client';
import { RingError, position, type NodeId } from '@ringkeep/shared';
import { createProgress, optionValues, type Progress } from '@ringkeep/process/command-line';
import type { dht } from '@ringkeep/shared/wire';
import type { CommandContext, CommandSpec } from './command';
import { ExitCode, UsageError, checked } from '../failure';

/** Pause between two questions. */
const ASK_EVERY_MS = 250;
/** How long a node that does not answer any more may still be in the ring. */
const GONE_MS = 10_000;

export const leaveCommand: CommandSpec = {
  name: 'leave',
  text: 'make a node hand over its keys and leave the ring',
  operands: [{ name: '[address]', text: 'the node (default: the one given with --node)' }],
  options: {},
  examples: ['leave 127.0.0.1:50003'],
  async run(context, [given]) {
    const address =
      given === undefined ? context.ring.options.nodes[0] : checked(() => optionValues.address(given));
    if (address === undefined) throw new UsageError('name the node that is to leave');
    const nodes = [...new Set([address, ...context.ring.options.nodes])];
    const client = context.ring.clientOf(nodes);
    try {
      const description = await context.ring.describeNode(address);
      await context.ring.ready(client, nodes, context.signal);
      await new Departure(context, client, address, description).complete();
    } finally {
      await client.close();
    }
    context.output.answer({ address, left: true }, () => `${address} has left the ring`);
    return ExitCode.Ok;
  },
};

class Departure {
  private readonly id: NodeId;
  private readonly keysAtFirst: number;
  private readonly progress: Progress;

  constructor(
    private readonly context: CommandContext,
    private readonly client: RingClient,
    private readonly address: string,
    description: dht.NodeDescription,
  ) {
    this.id = position(description.id);
    this.keysAtFirst = keysOf(description);
    this.progress = createProgress({
      label: 'handing over',
      unit: 'keys',
      total: this.keysAtFirst,
      stream: context.output.stderr,
    });
  }

  async complete(): Promise<void> {
    const { signal } = this.context;
    let silentSinceMs: number | undefined;
    try {
      for (;;) {
        if (signal.aborted) throw new RingError('CANCELLED', 'stopped waiting; the node continues to leave');
        try {
          if ((await this.context.ring.leave(this.address)).left) break;
          silentSinceMs = undefined;
          await this.show();
        } catch (error) {
          if (!(error instanceof RingError) || !isSilence(error)) throw error;
          if (this.hasLeft()) break;
          silentSinceMs ??= performance.now();
          if (performance.now() - silentSinceMs > GONE_MS) throw error;
        }
        await pause(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
      this.progress.update(this.keysAtFirst);
    } finally {
      this.progress.finish();
    }
  }

  private async show(): Promise<void> {
    const left = keysOf(await this.context.ring.describeNode(this.address));
    this.progress.update(Math.max(0, this.keysAtFirst - left));
  }

  private hasLeft(): boolean {
    return !this.client.ring().members.some((member) => member.id === this.id);
  }
}

function isSilence(error: RingError): boolean {
  return error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED' || error.code === 'CANCELLED';
}

function keysOf(description: dht.NodeDescription): number {
  return description.replicas.reduce((sum, replica) => sum + replica.keys, 0);
}
