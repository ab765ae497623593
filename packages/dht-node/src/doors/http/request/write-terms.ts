/** What the headers and the query say of a write: on which condition, and how long its key is to live. */

import type { IncomingHttpHeaders } from 'node:http';
import { VERSION_ONLY, type Condition, type Extras, type TimeToLive } from '@ringkeep/shared/operations';
import { HttpFault, malformed } from '../http-fault';
import { etagOf, lists, parseTagList, type TagList } from './etags';
import type { Query } from './target';
import { parseTtl } from './ttl';

export interface WriteConditions {
  readonly ifMatch: TagList | undefined;
  readonly ifNoneMatch: TagList | undefined;
}

/** Throws a fault, 400. */
export function conditionsIn(headers: IncomingHttpHeaders): WriteConditions {
  return {
    ifMatch: parseTagList(headers['if-match'], 'If-Match'),
    ifNoneMatch: parseTagList(headers['if-none-match'], 'If-None-Match'),
  };
}

/** As the ring has it; undefined if there is none, `several` if it does not have it as one. */
export function conditionOf({ ifMatch, ifNoneMatch }: WriteConditions): Condition | undefined | 'several' {
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  if (ifMatch === undefined) return ifNoneMatch === '*' ? { kind: 'absent' } : 'several';
  if (ifNoneMatch !== undefined) return 'several';
  if (ifMatch === '*') return { kind: 'present' };
  return ifMatch.length === 1 ? { kind: 'version', version: ifMatch[0] as number } : 'several';
}

/** Whether a key of that version is as they ask; 0 is a key that is not there. */
export function isAsAsked({ ifMatch, ifNoneMatch }: WriteConditions, version: number): boolean {
  if (ifMatch !== undefined && !lists(ifMatch, version)) return false;
  return ifNoneMatch === undefined || !lists(ifNoneMatch, version);
}

/** From the header Ringkeep-TTL or the parameter ttl. Throws a fault, 400. */
export function ttlIn(headers: IncomingHttpHeaders, query: Query): TimeToLive | undefined {
  const ofHeader = headers['ringkeep-ttl'];
  const ofQuery = query.get('ttl');
  if (ofHeader !== undefined && ofQuery !== undefined)
    throw malformed('there are both the header Ringkeep-TTL and the parameter ttl: give one');
  if (ofQuery !== undefined) return parseTtl(ofQuery, 'the parameter ttl');
  return ofHeader === undefined ? undefined : parseTtl(String(ofHeader), 'Ringkeep-TTL');
}

export function extrasOf(condition: Condition | undefined, ttl: TimeToLive | undefined): Extras {
  return condition === undefined && ttl === undefined
    ? VERSION_ONLY
    : { condition, showsPresent: false, ttl };
}

/** The condition did not hold: 412, with the version that is there. */
export function conditionFailed(version: number): HttpFault {
  const there = version === 0 ? 'the key is not present' : `the key has the version ${etagOf(version)}`;
  return new HttpFault(412, `the condition does not hold: ${there}; nothing was changed`, {
    code: 'CONDITION_FAILED',
    headers: version === 0 ? [] : ['ETag', etagOf(version)],
  });
}

export function notPresent(): HttpFault {
  return new HttpFault(404, 'the key is not present', { code: 'KEY_NOT_PRESENT' });
}
