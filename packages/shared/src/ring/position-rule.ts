/**
 * Which bytes of a key its position is the hash of.
 *
 * With the rule `tag`, that of Redis Cluster, these are the bytes between the first `{` and the first `}` after it, if
 * there are any between, else the whole key. So keys of one tag share a position, and with it an arc, an owner and a
 * log. A ring has the rule with which it began: another one would look for its keys elsewhere. Rings from before there
 * were tags have `whole-key`.
 */

import type { Bytes } from './bytes';

export const POSITION_RULES = ['tag', 'whole-key'] as const;
export type PositionRule = (typeof POSITION_RULES)[number];

/** That of a ring that does not say: it is from before there were tags. */
export const RULE_BEFORE_TAGS: PositionRule = 'whole-key';

/** What is between the braces; undefined where there is nothing or are no braces. */
export function tagOf(key: Bytes): Bytes | undefined {
  const open = key.indexOf('{');
  if (open < 0) return undefined;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? (key.slice(open + 1, close) as Bytes) : undefined;
}

/** The bytes whose hash is the position of the key. */
export function positionTagOf(key: Bytes, rule: PositionRule): Bytes {
  return rule === 'tag' ? (tagOf(key) ?? key) : key;
}
