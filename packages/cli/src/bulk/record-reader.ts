/**
 * The records of a file, whatever its form: one JSON object, an array, or NDJSON.
 *
 * The form is recognised by the first byte and by whether key fields are named. A file whose form does not match the
 * key fields is refused before anything is stored. Records come in pieces, so that the caller's loop needs one await
 * for many of them.
 */

import { RingError } from '@ringkeep/shared';
import { DocumentSplitter, type Element, type Oversized } from './document-splitter';
import { BulkFault } from './faults';
import { LineSplitter, type Line } from './line-splitter';
import {
  DEPTH_MAX,
  bad,
  depthOf,
  recordOfElement,
  recordOfMember,
  type BulkRecord,
  type FieldPath,
} from './record';

export const FORMATS = ['auto', 'object', 'array', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

export interface ReaderOptions {
  readonly format: Format;
  /** The fields that make the key; none for an object, whose names are the keys. */
  readonly fields: readonly FieldPath[];
}

/** How much of the file may be looked at to recognise its form. */
const LOOK_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Yields the records in their order. Throws INVALID_ARGUMENT when form and options do not match. */
export async function* readRecords(
  source: AsyncIterable<Buffer>,
  options: ReaderOptions,
): AsyncGenerator<BulkRecord[]> {
  const reader = new RecordReader(options);
  for await (const chunk of source) {
    const records = reader.push(chunk);
    if (records.length > 0) yield records;
    if (reader.isBroken) return;
  }
  const records = reader.end();
  if (records.length > 0) yield records;
}

class RecordReader {
  private head: Buffer[] = [];
  private headBytes = 0;
  private splitter: DocumentSplitter | LineSplitter | undefined;
  private count = 0;
  /** The document's structure is broken: nothing after that place can be told apart. */
  isBroken = false;

  constructor(private readonly options: ReaderOptions) {}

  push(chunk: Buffer): BulkRecord[] {
    if (this.splitter !== undefined) return this.records(this.splitter, chunk);
    this.head.push(chunk);
    this.headBytes += chunk.length;
    return this.headBytes < LOOK_BYTES ? [] : this.begin();
  }

  end(): BulkRecord[] {
    const records = this.splitter === undefined ? this.begin() : [];
    const { splitter } = this;
    if (this.isBroken || splitter === undefined) return records;
    if (splitter instanceof LineSplitter) return [...records, ...this.each(splitter.end())];
    try {
      splitter.end();
    } catch (error) {
      records.push(this.fault(error));
    }
    return records;
  }

  private begin(): BulkRecord[] {
    let head = Buffer.concat(this.head);
    if (head.subarray(0, 3).equals(BYTE_ORDER_MARK)) head = head.subarray(3);
    this.head = [];
    const format = this.options.format === 'auto' ? formatOf(head, this.options.fields) : this.options.format;
    checkFields(format, this.options.fields);
    this.splitter = format === 'ndjson' ? new LineSplitter() : new DocumentSplitter();
    return this.records(this.splitter, head);
  }

  private records(splitter: DocumentSplitter | LineSplitter, chunk: Buffer): BulkRecord[] {
    try {
      return this.each(splitter.push(chunk));
    } catch (error) {
      const before = splitter instanceof DocumentSplitter ? this.each(splitter.take()) : [];
      return [...before, this.fault(error)];
    }
  }

  private fault(error: unknown): BulkRecord {
    if (!(error instanceof BulkFault)) throw error;
    this.isBroken = true;
    return bad({ number: ++this.count, line: error.line }, `${error.reason}; the rest is not read`);
  }

  private each(found: readonly (Element | Line | Oversized)[]): BulkRecord[] {
    return found.map((part) => this.record(part));
  }

  private record(part: Element | Line | Oversized): BulkRecord {
    const place = { number: ++this.count, line: part.line };
    if ('bytesMax' in part) return bad(place, `larger than ${part.bytesMax} bytes`);
    const depth = 'depth' in part ? part.depth : depthOf(part.text);
    if (depth > DEPTH_MAX) return bad(place, `nested ${depth} levels deep; ${DEPTH_MAX} are allowed`);
    if ('key' in part && part.key !== undefined) return recordOfMember(place, part.key, part.text);
    return recordOfElement(place, part.text, this.options.fields);
  }
}

function formatOf(head: Buffer, fields: readonly FieldPath[]): Exclude<Format, 'auto'> {
  const text = head.toString('latin1').trimStart();
  if (text.startsWith('[')) return 'array';
  const lineEnd = text.indexOf('\n');
  const isWholeLine = lineEnd !== -1 && isJson(text.slice(0, lineEnd)) && text.slice(lineEnd).trim() !== '';
  if (fields.length > 0) {
    // A first line that is only the bracket is that of one object, written over several lines.
    return text.startsWith('{') && /^\{\s*(\n|$)/.test(text) ? 'object' : 'ndjson';
  }
  return isWholeLine ? 'ndjson' : 'object';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkFields(format: Exclude<Format, 'auto'>, fields: readonly FieldPath[]): void {
  if (format === 'object' && fields.length > 0) {
    throw new RingError(
      'INVALID_ARGUMENT',
      'the file is one object, whose names are the keys; leave out --key',
    );
  }
  if (format !== 'object' && fields.length === 0) {
    const form = format === 'array' ? 'an array' : 'NDJSON';
    throw new RingError(
      'INVALID_ARGUMENT',
      `the file is ${form}; name with --key the fields that make the key`,
    );
  }
}
