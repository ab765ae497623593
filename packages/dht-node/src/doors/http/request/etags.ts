/** If-Match and If-None-Match (RFC 9110, section 13.1): lists of versions, or any. An ETag is the version of a key. */

import { quoted } from '@ringkeep/shared/ring/excerpt';
import { malformed } from '../http-fault';
import { ETAGS_MAX } from '../limits';

/** Tags that no key ever has, of other servers, are left out. */
export type TagList = '*' | readonly number[];

/** W/ is passed over: proxies put it there when they compress. */
const TAG = /[ \t]*(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,|$)/y;
const EMPTY = /[ \t]*,/y;

/** Throws a fault, 400, that names the header. */
export function parseTagList(text: string | undefined, header: string): TagList | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '*') return '*';
  const versions: number[] = [];
  let count = 0;
  for (let at = 0; at < text.length;) {
    TAG.lastIndex = EMPTY.lastIndex = at;
    const found = TAG.exec(text);
    if (found === null && EMPTY.exec(text) === null)
      throw malformed(
        `${header} must be * or a list of tags in quotation marks, such as "17", got ${quoted(text)}`,
      );
    at = found === null ? EMPTY.lastIndex : TAG.lastIndex;
    if (found === null) continue;
    if (++count > ETAGS_MAX) throw malformed(`${header} has more than ${ETAGS_MAX} tags`);
    const version = versionIn(found[1] as string);
    if (version !== undefined) versions.push(version);
  }
  if (count === 0) throw malformed(`${header} names no tag`);
  return versions;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}

export function lists(tags: TagList, version: number): boolean {
  return tags === '*' ? version > 0 : tags.includes(version);
}

function versionIn(tag: string): number | undefined {
  const version = Number(tag);
  return /^[1-9][0-9]{0,15}$/.test(tag) && Number.isSafeInteger(version) ? version : undefined;
}
