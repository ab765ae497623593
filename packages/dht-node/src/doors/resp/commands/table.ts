/** All commands, by name, and how one is found. */

import type { Bytes } from '@ringkeep/shared';
import { error, type Reply } from '../protocol/replies';
import type { Arguments, Command } from './command';
import { CONNECTION_COMMANDS } from './connection-commands';
import { CONTROL_COMMANDS } from './control-commands';
import { COUNTER_COMMANDS } from './counters';
import { KEY_COMMANDS } from './keys';
import { KEYSPACE_COMMANDS } from './keyspace-commands';
import { serverCommands, type Rows } from './server-commands';
import { SEVERAL_STRING_COMMANDS } from './several-strings';
import { STRING_COMMANDS } from './strings';

const ROWS: Rows = new Map(
  [
    ...STRING_COMMANDS,
    ...SEVERAL_STRING_COMMANDS,
    ...COUNTER_COMMANDS,
    ...KEY_COMMANDS,
    ...KEYSPACE_COMMANDS,
    ...CONTROL_COMMANDS,
    ...CONNECTION_COMMANDS,
    ...serverCommands(() => ROWS),
  ].map((command: Command) => [command.name, command]),
);

/** As most clients write them, so that most look-ups make no text. */
const AS_WRITTEN = new Map(
  [...ROWS].flatMap(([name, row]) => [[name, row] as const, [name.toUpperCase(), row] as const]),
);

export function commandNamed(name: Bytes): Command | undefined {
  return AS_WRITTEN.get(name) ?? ROWS.get(name.toLowerCase());
}

const QUOTED_MAX = 128;

/** In Redis' words, which quote the beginning of what was given. */
export function unknownCommand(args: Arguments): Reply {
  let quoted = '';
  for (const arg of args.slice(1)) {
    if (quoted.length >= QUOTED_MAX) break;
    quoted += `'${arg.slice(0, QUOTED_MAX - quoted.length)}' `;
  }
  return error(`ERR unknown command '${args[0]?.slice(0, QUOTED_MAX)}', with args beginning with: ${quoted}`);
}

export function allCommands(): Rows {
  return ROWS;
}
