/**
 * health: whether a server serves, for scripts and for programs that watch containers.
 *
 * Any server with gRPC's standard health service can be asked: a node, the registry, or another one.
 */

import { optionValues } from '@ringkeep/process/command-line';
import type { CommandSpec } from './command';
import { ExitCode, UsageError, checked } from '../failure';

/** It still serves, and restarting it would not help. */
const NO_ROOM = ', but its disk is short of room: it takes nothing new';

export const healthCommand: CommandSpec = {
  name: 'health',
  text: 'ask a node or the registry whether it is serving; exit code 0 if it is, 1 if not; --wait keeps asking',
  operands: [{ name: '[address]', text: 'the server (default: the one given with --node, or --registry)' }],
  options: {},
  examples: ['health 127.0.0.1:50001', 'health 127.0.0.1:50000'],
  async run({ ring, output, signal }, [given]) {
    const { nodes, registry } = ring.options;
    const address = given === undefined ? (nodes[0] ?? registry) : checked(() => optionValues.address(given));
    if (address === undefined) throw new UsageError('name the server to ask');
    const serving = await ring.isServing(address, signal);
    const room = await ring.hasRoom(address);
    output.answer(
      { address, serving, room: room ?? null },
      () => `${address} is ${serving ? '' : 'not '}serving${room === false ? NO_ROOM : ''}`,
    );
    return serving ? ExitCode.Ok : ExitCode.Error;
  },
};
