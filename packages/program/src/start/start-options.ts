/** The flags and variables of a trial ring. */

import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import { USUAL_BASE } from './doors';

export const START_OPTIONS = {
  nodes: option({
    flag: '--nodes <count>',
    env: 'NODES',
    text: 'how many nodes',
    read: optionValues.integer(1, 64),
    default: 3,
  }),
  basePort: option({
    flag: '--base-port <port>',
    env: 'BASE_PORT',
    text: 'port of the registry; the nodes take the ports after it',
    read: optionValues.integer(1, 65_000),
    defaultText: `${USUAL_BASE}, or others that are free`,
  }),
  dataDir: option({
    flag: '--data-dir <folder>',
    env: 'DATA_DIR',
    text: 'where the data is kept',
    read: optionValues.text,
    default: './data',
  }),
  replication: option({
    flag: '--replication-factor <count>',
    env: 'REPLICATION_FACTOR',
    text: 'copies of each key; the registry’s own default when left out',
    read: optionValues.integer(1, 7),
  }),
  empty: option({
    flag: '--empty',
    text: 'do not load the cities',
    read: optionValues.yesOrNo,
    default: false,
  }),
  once: option({
    flag: '--once',
    text: 'stop when the ring is up and checked',
    read: optionValues.yesOrNo,
    default: false,
  }),
};

export type StartOptions = OptionValues<typeof START_OPTIONS>;
