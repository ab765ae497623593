/**
 * The formats of what a node keeps on its disk. The first byte of a batch and of a snapshot is the version of the
 * format, so that a later format can read the log of an older one.
 */

import { RingError } from '@ringkeep/shared/ring/errors';
import type { dht } from '@ringkeep/shared/wire';
import type { SequencedOp } from '../core/replica/sequenced-op';
import { ByteReader, ByteWriter } from './byte-writer';
import { opsOf, opsOfBareValues } from './entry-columns';

const FORMAT_VERSION = 4;
/** No number stood for several entries. */
const FORMAT_WITHOUT_GROUPS = 3;
/** Values had no envelopes, logs no histories, and nodes did not keep which ring they knew. */
const FORMAT_OF_BARE_VALUES = 2;

/** What differs between the formats that are read. */
export interface Format {
  readonly operations: (columns: dht.EntryColumns) => readonly SequencedOp[];
  readonly hasHistories: boolean;
}

const FORMATS = new Map<number, Format>([
  [FORMAT_VERSION, { operations: opsOf, hasHistories: true }],
  [FORMAT_WITHOUT_GROUPS, { operations: opsOf, hasHistories: true }],
  [FORMAT_OF_BARE_VALUES, { operations: opsOfBareValues, hasHistories: false }],
]);

/** What is read behind the version, and how. */
export function versioned(bytes: Uint8Array): { readonly reader: ByteReader; readonly format: Format } {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  const format = FORMATS.get(version);
  if (format) return { reader, format };
  throw new RingError(
    'FAILED_PRECONDITION',
    `the data was written in format ${version}; this version of Ringkeep reads the formats ` +
      `${FORMAT_OF_BARE_VALUES} to ${FORMAT_VERSION}`,
  );
}

/** Begins what is written in the newest format. */
export function newestFormat(): ByteWriter {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  return writer;
}
