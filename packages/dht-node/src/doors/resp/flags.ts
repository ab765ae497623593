/** What the command line says of the door for Redis clients. */

import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import type { RespDoorOptions } from './resp-options';

export const RESP_FLAGS = {
  redisPort: option({
    flag: '--redis-port <port>',
    env: 'NODE_REDIS_PORT',
    text: 'port for Redis clients (RESP); 0 takes any free one; closed unless given',
    read: optionValues.port,
  }),
  redisHost: option({
    flag: '--redis-host <address>',
    env: 'NODE_REDIS_HOST',
    text: 'address to listen on for Redis clients',
    read: optionValues.text,
    default: '127.0.0.1',
  }),
  allowFlush: option({
    flag: '--allow-flush',
    env: 'NODE_ALLOW_FLUSH',
    text: 'let FLUSHALL and FLUSHDB of Redis clients delete all keys of the ring',
    read: optionValues.yesOrNo,
    default: false,
  }),
};

/** Undefined if the door is to stay closed. */
export function respDoorOptions({
  redisPort,
  redisHost,
  allowFlush,
}: OptionValues<typeof RESP_FLAGS>): RespDoorOptions | undefined {
  return redisPort === undefined ? undefined : { port: redisPort, host: redisHost, allowFlush };
}
