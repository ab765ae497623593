/** The small part of a registry's state that is neither member nor arc nor claim, as a record of JSON. */

import {
  DEFAULT_PARAMETERS,
  RULE_BEFORE_TAGS,
  formatPosition,
  formatRun,
  parsePosition,
  type ClusterParameters,
  type Run,
} from '@ringkeep/shared';
import type { RegistryState } from '../core';

/** Raised when an older program can no longer read what is written. */
const FORMAT = 3;
/**
 * Format 1 had the claims in this record, and only those of members that had not been heard of yet. They may be
 * forgotten.
 */
const FORMAT_OLDEST = 1;

/**
 * Formats before 3 kept only the leases. Everything else gets the least value that is possible, so that whatever the
 * registry is started with does not count as a reduction.
 */
const UNKNOWN_PARAMETERS: ClusterParameters = {
  ...DEFAULT_PARAMETERS,
  membershipLeaseMs: 0,
  keyBytesMax: 0,
  valueBytesMax: 0,
  positionRule: RULE_BEFORE_TAGS,
};

/** What a ring that does not say it has. */
const UNSAID_PARAMETERS = { ...DEFAULT_PARAMETERS, positionRule: RULE_BEFORE_TAGS };

export interface Meta extends Omit<RegistryState, 'ring' | 'claims'> {
  readonly clusterId: string;
  readonly version: number;
  readonly runs: readonly Run[];
  readonly parameters: ClusterParameters;
}

interface MetaRecord {
  readonly format: number;
  readonly clusterId: string;
  readonly version: number;
  /** In formats before 3, in place of all parameters. */
  readonly lease?: Pick<ClusterParameters, 'leaseMs' | 'leaseMarginMs'>;
  /** A ring from before tags, and from before keys could end, lacks what goes with them. */
  readonly parameters?: Partial<ClusterParameters>;
  readonly runs?: readonly (readonly [id: string, firstVersion: number])[];
  /** Formats before 3 named the members that were back, too. */
  readonly returns: readonly (string | { readonly start: string })[];
}

export function encodeMeta({ ring, returns }: RegistryState): Uint8Array {
  const record: MetaRecord = {
    format: FORMAT,
    clusterId: ring.clusterId,
    version: ring.version,
    runs: ring.runs.map(({ id, firstVersion }) => [formatRun(id), firstVersion]),
    parameters: ring.parameters,
    returns: returns.map(formatPosition),
  };
  return Buffer.from(JSON.stringify(record));
}

/** Throws when the record is of another format. */
export function decodeMeta(bytes: Uint8Array): Meta {
  const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as MetaRecord;
  if (!(record.format >= FORMAT_OLDEST && record.format <= FORMAT))
    throw new Error(`its format is ${record.format}, and this program reads ${FORMAT}`);
  const { clusterId, version, lease, parameters, runs = [] } = record;
  return {
    clusterId,
    version,
    runs: runs.map(([id, firstVersion]) => ({ id: BigInt(`0x${id}`), firstVersion })),
    parameters: parameters ? { ...UNSAID_PARAMETERS, ...parameters } : { ...UNKNOWN_PARAMETERS, ...lease },
    returns: record.returns.map((arc) => parsePosition(typeof arc === 'string' ? arc : arc.start)),
  };
}
