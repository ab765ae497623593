export type { CommandContext, CommandSpec } from './command';
import { loadCommand, lookupCommand } from './bulk';
import type { CommandSpec } from './command';
import { healthCommand } from './health';
import { leaveCommand } from './leave';
import { lockCommand } from './lock';
import { nodesCommand } from './nodes';
import { OPERATION_COMMANDS } from './operations';
import { recoverCommand } from './recover';
import { ringCommand } from './ring';
import { keysCommand, rangeCommand, scanCommand } from './scans';
import { watchCommand } from './watch';

/** In the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...OPERATION_COMMANDS,
  keysCommand,
  scanCommand,
  rangeCommand,
  watchCommand,
  lockCommand,
  ringCommand,
  nodesCommand,
  healthCommand,
  leaveCommand,
  recoverCommand,
  loadCommand,
  lookupCommand,
];
