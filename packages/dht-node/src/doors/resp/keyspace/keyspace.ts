/**
 * All keys of the ring, by pages of their owners.
 *
 * A cursor of SCAN is a number below 2^53, because clients read it as one; a place on the ring is longer. So keys are
 * told in groups, all whose positions have the same upper 52 bits, and a group is told in one reply or not at all. The
 * cursor is 1 + those bits of the group that comes next. Of random positions a group has one key; the keys of one tag
 * are all of one group.
 */

import { RingError, type Bytes, type RingKey } from '@ringkeep/shared';
import { position } from '@ringkeep/shared/ring/position';
import { keyOf, positionBytes, POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import { FIRST_PLACE } from '@ringkeep/shared/scans/cursor';
import { PAGE_ENTRIES_MAX } from '@ringkeep/shared/scans/scan-query';
import { literalPrefix, matchesGlob } from '../glob';

export const SCAN_COUNT_DEFAULT = 10;
/** Keys of one group that one reply tells. */
export const GROUP_KEYS_MAX = 10_000;
/** Keys that KEYS looks at, and that it tells. */
export const KEYS_EXAMINED_MAX = 100_000;
/** Keys that are deleted at a time. */
const DELETED_AT_ONCE = 256;
/** RANDOMKEY takes one of so many that follow a place. */
const RANDOM_AMONG = 16;

/** Bits of a position that a cursor does not tell. */
const GROUP_BITS = 12n;

/** A stretch of the ring from a place on: its keys in ring order, and where the next one begins. */
export interface KeyPage {
  readonly keys: readonly RingKey[];
  /** Undefined at the end of the ring. */
  readonly next: RingKey | undefined;
}

/** Whoever asks the owners. */
export interface KeyspaceSource {
  page(place: RingKey, prefix: Bytes | undefined, limit: number): Promise<KeyPage>;
  /** Whether it was there does not matter. */
  delete(key: RingKey): Promise<void>;
  /** Keys that all owners together have. */
  count(): Promise<number>;
  /** From 0 up to 1. */
  random(): number;
}

export interface ScanReply {
  readonly next: number;
  readonly keys: readonly Bytes[];
}

export class Keyspace {
  constructor(private readonly source: KeyspaceSource) {}

  async scan(cursor: number, pattern: Bytes | undefined, count: number): Promise<ScanReply> {
    const begin = cursor === 0 ? FIRST_PLACE : placeOfGroup(BigInt(cursor - 1));
    const { keys, next } = await this.wholeGroups(begin, pattern, count);
    const found = keys.map(keyOf).filter((key) => pattern === undefined || matchesGlob(pattern, key));
    return { next, keys: found };
  }

  /** Of groups only the last may be incomplete, which is left to the next page, unless there is no other. */
  private async wholeGroups(
    begin: RingKey,
    pattern: Bytes | undefined,
    count: number,
  ): Promise<{ readonly keys: readonly RingKey[]; readonly next: number }> {
    const keys: RingKey[] = [];
    const first = groupOf(begin);
    let place = begin;
    let limit = Math.min(count, PAGE_ENTRIES_MAX);
    for (;;) {
      const page = await this.source.page(place, prefixOf(pattern), limit);
      keys.push(...page.keys);
      if (page.next === undefined) return { keys, next: 0 };
      const group = groupOf(page.next);
      if (group > first) return { keys: keys.filter((key) => groupOf(key) < group), next: Number(group) + 1 };
      if (keys.length > GROUP_KEYS_MAX) throw tooManyOfOneTag();
      place = page.next;
      limit = PAGE_ENTRIES_MAX;
    }
  }

  /** Throws RESOURCE_EXHAUSTED when there are too many. */
  async keys(pattern: Bytes): Promise<readonly Bytes[]> {
    const found: Bytes[] = [];
    let examined = 0;
    for await (const page of this.pages(prefixOf(pattern))) {
      examined += page.length;
      if (examined > KEYS_EXAMINED_MAX)
        throw new RingError(
          'INVALID_ARGUMENT',
          `KEYS gave up after ${KEYS_EXAMINED_MAX} keys; use SCAN, which tells them a part at a time`,
        );
      for (const key of page.map(keyOf)) if (matchesGlob(pattern, key)) found.push(key);
    }
    return found;
  }

  /** Not each with the same chance: one behind a wide gap is told more often. */
  async randomKey(): Promise<Bytes | undefined> {
    const { source } = this;
    const place = positionBytes(
      position(BigInt(Math.floor(source.random() * 2 ** 52)) << GROUP_BITS),
    ) as RingKey;
    for (const from of [place, FIRST_PLACE]) {
      for await (const page of this.pages(undefined, from, RANDOM_AMONG)) {
        const key = page[Math.floor(source.random() * page.length)];
        if (key !== undefined) return keyOf(key);
      }
    }
    return undefined;
  }

  count(): Promise<number> {
    return this.source.count();
  }

  /** Those that come meanwhile may stay. */
  async deleteAll(): Promise<void> {
    for await (const page of this.pages(undefined)) {
      for (let at = 0; at < page.length; at += DELETED_AT_ONCE)
        await Promise.all(page.slice(at, at + DELETED_AT_ONCE).map((key) => this.source.delete(key)));
    }
  }

  private async *pages(
    prefix: Bytes | undefined,
    from: RingKey = FIRST_PLACE,
    limit = PAGE_ENTRIES_MAX,
  ): AsyncGenerator<readonly RingKey[], void, undefined> {
    for (let place: RingKey | undefined = from; place !== undefined;) {
      const { keys, next }: KeyPage = await this.source.page(place, prefix, limit);
      yield keys;
      place = next;
    }
  }
}

function prefixOf(pattern: Bytes | undefined): Bytes | undefined {
  const prefix = pattern === undefined ? '' : literalPrefix(pattern);
  return prefix === '' ? undefined : (prefix as Bytes);
}

function groupOf(place: RingKey): bigint {
  return BigInt(`0x${Buffer.from(place.slice(0, POSITION_BYTES), 'latin1').toString('hex')}`) >> GROUP_BITS;
}

function placeOfGroup(group: bigint): RingKey {
  return positionBytes(position(group << GROUP_BITS)) as RingKey;
}

function tooManyOfOneTag(): RingError {
  return new RingError(
    'INVALID_ARGUMENT',
    `more than ${GROUP_KEYS_MAX} keys have one tag, which SCAN cannot divide; ` +
      'use scan --tag on the command line, or scan({ tag }) of the client',
  );
}
