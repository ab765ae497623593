/** A write of one key, on the condition that its headers name. */

import { RingError, type Bytes } from '@ringkeep/shared';
import {
  VERSION_ONLY,
  type FullAnswer,
  type OperationName,
  type TimeToLive,
} from '@ringkeep/shared/operations';
import { askFully } from '../asking';
import { CONDITION_ROUNDS_MAX } from '../limits';
import {
  conditionFailed,
  conditionOf,
  conditionsIn,
  extrasOf,
  isAsAsked,
  type WriteConditions,
} from '../request/write-terms';
import type { Asked } from './asked';

export interface KeyWrite {
  readonly name: OperationName;
  readonly operands: readonly Bytes[];
  readonly ttl?: TimeToLive | undefined;
}

/** Throws a fault, 412 where the condition does not hold, or RingError. */
export async function writeKey(asked: Asked, write: KeyWrite): Promise<FullAnswer<Uint8Array>> {
  const conditions = conditionsIn(asked.headers);
  const condition = conditionOf(conditions);
  if (condition === 'several') return writeIfVersion(asked, write, conditions);
  const { key } = asked;
  const told = await askFully(asked, { ...write, key, extras: extrasOf(condition, write.ttl) });
  if (!told.held) throw conditionFailed(told.version);
  return told;
}

/**
 * The ring knows conditions on one version. So one that names several is that of the version which is there, as long as
 * that is as was asked.
 */
async function writeIfVersion(
  asked: Asked,
  write: KeyWrite,
  conditions: WriteConditions,
): Promise<FullAnswer<Uint8Array>> {
  const { key } = asked;
  let { version } = await askFully(asked, { name: 'get', key, operands: [], extras: VERSION_ONLY });
  for (let round = 0; round < CONDITION_ROUNDS_MAX; round++) {
    if (!isAsAsked(conditions, version)) throw conditionFailed(version);
    const extras = extrasOf({ kind: 'version', version }, write.ttl);
    const told = await askFully(asked, { ...write, key, extras });
    if (told.held) return told;
    // The version was right: it is the present end of the key that is not as asked.
    if (told.version === version) throw conditionFailed(version);
    ({ version } = told);
  }
  throw new RingError('UNAVAILABLE', 'the key changes all the time; nothing was changed');
}
