/**
 * Replies as they travel. They are byte strings, like the values in them: a turn's replies are one string and one write.
 * RESP3 has kinds that RESP2 says with others; a connection speaks RESP2 until it says HELLO 3.
 */

import type { Bytes } from '@ringkeep/shared';

export type Protocol = 2 | 3;

/** One reply, or several one behind another. */
export type Reply = Bytes;

export const OK = '+OK\r\n' as Reply;
export const QUEUED = '+QUEUED\r\n' as Reply;
export const PONG = '+PONG\r\n' as Reply;
export const ZERO = ':0\r\n' as Reply;
export const ONE = ':1\r\n' as Reply;
export const NO_REPLY = '' as Reply;

export function simple(text: string): Reply {
  return `+${text}\r\n` as Reply;
}

/** `text` begins with a code in capitals; it becomes one line. */
export function error(text: string): Reply {
  return `-${text.replace(/[\r\n]/g, ' ')}\r\n` as Reply;
}

export function integer(value: number | bigint): Reply {
  return `:${value}\r\n` as Reply;
}

/** What comes before short values, by their lengths. */
const HEADS = Array.from({ length: 1_024 }, (_, length) => `$${length}\r\n`);

export function bulk(value: Bytes): Reply {
  const { length } = value;
  return ((HEADS[length] ?? `$${length}\r\n`) + value + '\r\n') as Reply;
}

/** Of a text in ASCII. */
export function bulkText(text: string): Reply {
  return bulk(text as Bytes);
}

/** A value, or that there is none. */
export function bulkOrNil(value: Bytes | undefined, protocol: Protocol): Reply {
  return value === undefined ? nil(protocol) : bulk(value);
}

export function nil(protocol: Protocol): Reply {
  return (protocol === 3 ? '_\r\n' : '$-1\r\n') as Reply;
}

/** In place of an array. */
export function nilArray(protocol: Protocol): Reply {
  return (protocol === 3 ? '_\r\n' : '*-1\r\n') as Reply;
}

export function array(items: readonly Reply[]): Reply {
  return `*${items.length}\r\n${items.join('')}` as Reply;
}

/** A map in RESP3; in RESP2 an array of keys and values by turns. */
export function map(pairs: readonly (readonly [Reply, Reply])[], protocol: Protocol): Reply {
  const head = protocol === 3 ? `%${pairs.length}` : `*${2 * pairs.length}`;
  return `${head}\r\n${pairs.map(([key, value]) => key + value).join('')}` as Reply;
}

/** A set in RESP3. */
export function set(items: readonly Reply[], protocol: Protocol): Reply {
  return `${protocol === 3 ? '~' : '*'}${items.length}\r\n${items.join('')}` as Reply;
}

/** What comes without having been asked for. */
export function push(items: readonly Reply[], protocol: Protocol): Reply {
  return `${protocol === 3 ? '>' : '*'}${items.length}\r\n${items.join('')}` as Reply;
}

/** A text for people to read. */
export function verbatim(text: Bytes, protocol: Protocol): Reply {
  return protocol === 3 ? (`=${text.length + 4}\r\ntxt:${text}\r\n` as Reply) : bulk(text);
}
