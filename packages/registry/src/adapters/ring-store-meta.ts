/** The small part of a registry's state that is neither member nor arc, as a record of JSON. */

import { formatPosition, parsePosition } from '@ringkeep/shared';
import type { RegistryState } from '../core';

/** Raised when an older program could no longer read what is written. */
const FORMAT = 1;

export interface Meta extends Omit<RegistryState, 'ring'> {
  readonly clusterId: string;
  readonly version: number;
}

interface MetaRecord {
  readonly format: number;
  readonly clusterId: string;
  readonly version: number;
  readonly lease: RegistryState['lease'];
  readonly returns: readonly { readonly start: string; readonly back: readonly string[] }[];
  readonly claims: readonly { readonly id: string; readonly claim: string }[];
}

export function encodeMeta({ ring, returns, claims, lease }: RegistryState): Uint8Array {
  const record: MetaRecord = {
    format: FORMAT,
    clusterId: ring.clusterId,
    version: ring.version,
    lease,
    returns: returns.map(({ start, back }) => ({
      start: formatPosition(start),
      back: back.map(formatPosition),
    })),
    claims: claims.map(({ id, claim }) => ({ id: formatPosition(id), claim })),
  };
  return Buffer.from(JSON.stringify(record));
}

/** Throws when the record is of another format. */
export function decodeMeta(bytes: Uint8Array): Meta {
  const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as MetaRecord;
  if (record.format !== FORMAT)
    throw new Error(`its format is ${record.format}, this program reads ${FORMAT}`);
  const { clusterId, version, lease } = record;
  return {
    clusterId,
    version,
    lease,
    returns: record.returns.map(({ start, back }) => ({
      start: parsePosition(start),
      back: back.map(parsePosition),
    })),
    claims: record.claims.map(({ id, claim }) => ({ id: parsePosition(id), claim })),
  };
}
