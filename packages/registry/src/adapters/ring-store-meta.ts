/** The small part of a registry's state that is neither member nor arc nor claim, as a record of JSON. */

import { formatPosition, parsePosition } from '@ringkeep/shared';
import type { RegistryState } from '../core';

/** Raised when an older program could no longer read what is written. */
const FORMAT = 3;
/** Format 1 had the claims in this record, and only those of members not heard of yet: they may be forgotten. */
const FORMAT_OLDEST = 1;

export interface Meta extends Omit<RegistryState, 'ring' | 'claims'> {
  readonly clusterId: string;
  readonly version: number;
}

interface MetaRecord {
  readonly format: number;
  readonly clusterId: string;
  readonly version: number;
  readonly lease: RegistryState['lease'];
  /** Formats before 3 named the members that were back, too. */
  readonly returns: readonly (string | { readonly start: string })[];
}

export function encodeMeta({ ring, returns, lease }: RegistryState): Uint8Array {
  const record: MetaRecord = {
    format: FORMAT,
    clusterId: ring.clusterId,
    version: ring.version,
    lease,
    returns: returns.map(formatPosition),
  };
  return Buffer.from(JSON.stringify(record));
}

/** Throws when the record is of another format. */
export function decodeMeta(bytes: Uint8Array): Meta {
  const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as MetaRecord;
  if (!(record.format >= FORMAT_OLDEST && record.format <= FORMAT))
    throw new Error(`its format is ${record.format}, this program reads ${FORMAT}`);
  const { clusterId, version, lease } = record;
  return {
    clusterId,
    version,
    lease,
    returns: record.returns.map((arc) => parsePosition(typeof arc === 'string' ? arc : arc.start)),
  };
}
